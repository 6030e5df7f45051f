-- Stripe: an event about an invoice, or the invoice itself (docs.stripe.com/api/invoices/object), of old and new API
-- versions: since 2025-03-31 (basil) `price` is pricing.price_details, `tax_amounts` is `taxes`, and `paid` is gone.
-- A paid invoice is the order for what is shipped with the subscription. Its id is the order's key: invoice.paid and
-- invoice.payment_succeeded both come for one payment. Amounts are whole minor units, and negative for a credit.
--
-- Which lines are goods:
--   metadata.sku of the line or of its price      goods, with this SKU
--   metadata.shippable = "false", a proration,    a charge or a discount of the order
--   or an amount below 0
--   any other line                                goods, with the price's id as SKU, to be found among the aliases; but in
--                                                 an invoice with neither such a SKU nor a shipping address a service
local text, field, minor, adjustments = lib("text"), lib("field"), lib("minor"), lib("adjustments")

local paid_events = { ["invoice.paid"] = true, ["invoice.payment_succeeded"] = true }

-- Lists of the API: of events or of invoices.
local function split(doc)
	if doc.object ~= "list" or not doc.data or #doc.data == 0 then return { doc } end
	local units = {}
	for i, d in ipairs(field.list(doc.data, "data")) do units[i] = d.node end
	return units
end

-- An id, or what it stands for when it was expanded.
local function id_of(value)
	if type(value) == "userdata" then return text.some(value.id) end
	return text.some(value)
end

local function address(a, name, phone, email)
	if not a then return nil end
	return {
		name = text.free(name, 256), line1 = text.free(a.line1, 256), line2 = text.free(a.line2, 256),
		city = text.free(a.city, 128), region = text.free(a.state, 64), postal_code = text.some(a.postal_code),
		country = text.some(a.country), phone = text.free(phone, 64), email = text.some(email),
	}
end

-- A list of { amount = } added up; what is inside of the price already is counted in `inclusive`.
local function taxes(list, path, seen)
	local total = 0
	for _, t in ipairs(field.list(list, path)) do
		local amount = minor.amount(t.node.amount, t.path .. ".amount")
		total = total + amount
		if amount ~= 0 then
			local inside = t.node.inclusive == true or t.node.tax_behavior == "inclusive"
			seen[inside and "inclusive" or "exclusive"] = t.path
		end
	end
	return total
end

local function amounts(list, path)
	local total = 0
	for _, d in ipairs(field.list(list, path)) do total = total + minor.amount(d.node.amount, d.path .. ".amount") end
	return total
end

-- What a line says in any version.
local function read(l, path, seen)
	local price, details = l.price, at(l, "pricing.price_details")
	if type(price) ~= "userdata" then price = nil end
	return {
		path = path, id = field.need(l.id, path .. ".id", "the line's id"), description = text.free(l.description, 1024),
		quantity = text.some(l.quantity) or "1", amount = minor.amount(l.amount, path .. ".amount"),
		unit = at(l, "pricing.unit_amount_decimal") or at(l, "price.unit_amount_decimal") or at(l, "price.unit_amount"),
		price_id = price and text.some(price.id) or (details and id_of(details.price)),
		sku = text.some(at(l, "metadata.sku")) or text.some(at(l, "price.metadata.sku")) or
			text.some(at(l, "pricing.price_details.price.metadata.sku")),
		is_service = (at(l, "metadata.shippable") or at(l, "price.metadata.shippable")) == "false" or
			l.proration == true or at(l, "parent.subscription_item_details.proration") == true or
			at(l, "parent.invoice_item_details.proration") == true,
		discount = amounts(l.discount_amounts, path .. ".discount_amounts"),
		tax = taxes(l.taxes or l.tax_amounts, path .. (l.taxes and ".taxes" or ".tax_amounts"), seen),
	}
end

local function is_goods(l)
	return not l.is_service and l.amount >= 0 and l.quantity ~= "0" and (l.sku or l.price_id) ~= nil
end

local function line(l, currency)
	return {
		line_ref = l.id, sku = l.sku or l.price_id, description = l.description, quantity = l.quantity,
		unit_price = minor.price(l.amount, l.quantity, l.unit, currency, l.path .. ".amount"),
		discount_minor = l.discount, tax_minor = l.tax, requires_shipping = true,
	}
end

-- The lines that ship, and all else as adjustments; base: the path of the invoice.
local function parts(invoice, base, currency, seen)
	local read_lines, lines, list, marked = {}, {}, {}, false
	local sums, path = { discount = 0, tax = 0 }, base .. "lines.data"
	for i, l in ipairs(field.list(field.need(at(invoice, "lines.data"), path, "the invoice's lines"), path)) do
		read_lines[i] = read(l.node, l.path, seen)
		sums.discount, sums.tax = sums.discount + read_lines[i].discount, sums.tax + read_lines[i].tax
		marked = marked or (read_lines[i].sku ~= nil and is_goods(read_lines[i]))
	end
	for _, l in ipairs(read_lines) do
		if is_goods(l) and (marked or invoice.customer_shipping) then
			lines[#lines + 1] = line(l, currency)
		else
			adjustments.add(list, l.amount < 0 and "discount" or "charge", text.free(l.description, 256), l.amount - l.discount, l.tax)
		end
	end
	return lines, list, sums
end

-- Shipping, and what of the invoice's discounts and taxes no line has a share of.
local function beside(invoice, base, list, sums, stated, seen)
	local s = invoice.shipping_cost
	if s then
		local tax = minor.some(s.amount_tax, base .. "shipping_cost.amount_tax")
		local name = seen.inclusive and "amount_total" or "amount_subtotal" -- with its tax, as all prices are then
		adjustments.add(list, "shipping", "shipping", minor.amount(s[name], base .. "shipping_cost." .. name), tax)
		sums.tax = sums.tax + tax
	end
	if stated.discount > sums.discount then
		adjustments.add(list, "discount", "discounts of the invoice", sums.discount - stated.discount)
	end
	if stated.tax > sums.tax then adjustments.add(list, "tax", "taxes of the invoice", 0, stated.tax - sums.tax) end
end

-- Money given back, wholly for an invoice: it is cancelled. Anything else a person must judge.
local function refund(doc, object)
	local invoice = id_of(object.invoice)
	about(text.some(object.number) or invoice or text.some(object.id))
	if object.object == "charge" and not invoice and (doc.api_version or "") < "2025-03-31" then
		ignore("event-ignored", "a charge that belongs to no invoice")
	end
	if object.object == "charge" and object.refunded == true and invoice then
		return {
			source_id = invoice, source_number = invoice, revision = text.some(doc.created),
			kind = "cancel", placed_at = field.instant(doc.created, "created", "when it was refunded"),
			currency = string.upper(field.need(object.currency, "data.object.currency", "the currency")),
			buyer = { account = id_of(object.customer) }, payment_status = "refunded",
		}
	end
	if object.type == "pre_payment" then ignore("order-unpaid", "a credit for an invoice that is not paid") end
	hold("order-refunded", "data.object.invoice",
		"money was given back, for a part or for an invoice that is not named: look at it at Stripe, stop what is under way, " ..
		"then dismiss this")
end

-- Documents that are no order for us, or not one that a machine should act on.
local function look(doc, invoice, base)
	if invoice.status ~= "paid" and not (invoice.status == nil and invoice.paid == true) then
		ignore("order-unpaid", "invoice status " .. tostring(invoice.status) .. ": invoice.paid comes when it is paid")
	end
	if doc.object == "event" and not paid_events[doc.type or ""] then
		ignore("event-ignored", "of a paid invoice only invoice.paid and invoice.payment_succeeded concern us")
	end
	for _, name in ipairs({ "pre_payment_credit_notes_amount", "post_payment_credit_notes_amount" }) do
		if minor.some(invoice[name], base .. name) > 0 then
			hold("order-refunded", base .. name,
				"a credit was given for a part of it: enter by hand what is to be shipped, then dismiss this")
		end
	end
	if at(invoice, "lines.has_more") == true then
		hold("lines-incomplete", base .. "lines.has_more",
			"Stripe sends the first lines only: send the invoice with all of them, as its API answers it, then dismiss this")
	end
end

-- The invoice's own totals; taxes are `tax` in the oldest versions.
local function totals(invoice, base, seen)
	local name = invoice.total_taxes and "total_taxes" or "total_tax_amounts"
	return {
		discount = amounts(invoice.total_discount_amounts, base .. "total_discount_amounts"),
		tax = invoice[name] and taxes(invoice[name], base .. name, seen) or minor.some(invoice.tax, base .. "tax"),
		shipping = minor.some(at(invoice, "shipping_cost.amount_subtotal"), base .. "shipping_cost.amount_subtotal"),
		grand = minor.amount(invoice.total, base .. "total"),
	}
end

-- customer_shipping is often null: a customer with one address has it in customer_address.
local function addresses(invoice)
	local to = invoice.customer_shipping
	local bill_to = address(invoice.customer_address, invoice.customer_name, invoice.customer_phone, invoice.customer_email)
	if at(invoice, "customer_shipping.address.line1") then return bill_to, address(to.address, to.name, to.phone) end
	return bill_to, bill_to
end

local function invoice_order(doc, invoice, base)
	local currency = string.upper(field.need(invoice.currency, base .. "currency", "ISO 4217"))
	local seen = {} -- the paths of a tax that is inclusive and of one that is not
	local stated = totals(invoice, base, seen)
	local lines, list, sums = parts(invoice, base, currency, seen)
	if #lines == 0 then ignore("nothing-to-ship", "an invoice of services alone") end
	if seen.inclusive and seen.exclusive then
		hold("tax-mixed", seen.inclusive, "some prices include their tax and some do not: enter it by hand, then dismiss this")
	end
	beside(invoice, base, list, sums, stated, seen)
	local bill_to, ship_to = addresses(invoice)
	local paid_at = at(invoice, "status_transitions.paid_at")
	return {
		source_id = field.need(invoice.id, base .. "id", "the invoice's id"), source_number = text.some(invoice.number) or invoice.id,
		revision = text.some(doc.created), kind = "new",
		placed_at = paid_at and field.instant(paid_at, base .. "status_transitions.paid_at", "when it was paid") or
			field.instant(invoice.created, base .. "created", "when it was made"),
		currency = currency, prices_include_tax = seen.inclusive ~= nil,
		buyer = {
			account = id_of(invoice.customer), email = text.some(invoice.customer_email),
			name = text.free(invoice.customer_name, 256), phone = text.free(invoice.customer_phone, 64),
		},
		bill_to = bill_to, ship_to = ship_to, lines = lines, adjustments = list,
		stated = {
			discount_minor = stated.discount, tax_minor = stated.tax, shipping_minor = stated.shipping, grand_minor = stated.grand,
		},
		payment_status = "paid",
	}
end

local function order(doc)
	if doc.object == "list" then ignore("list-empty", "a list without events or invoices") end
	local is_event = doc.object == "event"
	local object, base = doc, ""
	if is_event then
		object, base = field.object(at(doc, "data.object"), "data.object", "what the event is about"), "data.object."
	end
	field.need(object.object, base .. "object", "event, or invoice")
	about(text.some(object.number) or text.some(object.id))
	if doc.livemode == false or object.livemode == false then ignore("order-test", "livemode is false") end
	if object.object == "credit_note" and doc.type == "credit_note.created" then return refund(doc, object) end
	if object.object == "charge" and doc.type == "charge.refunded" then return refund(doc, object) end
	if object.object ~= "invoice" then
		ignore("event-ignored", "about " .. tostring(object.object) .. ": only invoices and refunds concern us")
	end
	look(doc, object, base)
	return invoice_order(doc, object, base)
end

return { split = split, order = order }
