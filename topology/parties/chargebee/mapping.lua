-- Chargebee: events about an order or an invoice, or these resources themselves, API v2 (apidocs.chargebee.com/docs/api).
-- Amounts are whole minor units, times are seconds. The party is one site; an order and an invoice may have the same id
-- there, so the key of each has its resource before it. An event's id is no key: some tools give one to several events.
--
-- What ships a subscription's goods are its orders, which Chargebee makes when the invoice is paid (one invoice may have
-- many: paid by the year, shipped each month). An invoice is itself the order when it is a single sale: of no subscription,
-- paid, with a street to ship to. So nothing ships twice.
local text, field, minor, adjustments = lib("text"), lib("field"), lib("minor"), lib("adjustments")

-- Answers of the API's lists: { list = { { order = … }, { event = … } } }.
local function split(doc)
	if not doc.list or #doc.list == 0 then return { doc } end
	local units = {}
	for i, u in ipairs(field.list(doc.list, "list")) do units[i] = u.node end
	return units
end

local function address(a)
	if not a then return nil end
	return {
		name = text.free(text.join(a.first_name, a.last_name), 256), company = text.free(a.company, 256),
		line1 = text.free(a.line1, 256), line2 = text.free(text.join(a.line2, a.line3), 256), city = text.free(a.city, 128),
		region = text.free(text.some(a.state_code) or a.state, 64), postal_code = text.some(a.zip),
		country = text.some(a.country), phone = text.free(a.phone, 64), email = text.some(a.email),
	}
end

local function buyer(resource, customer)
	local a = resource.billing_address or resource.shipping_address
	return {
		account = text.some(resource.customer_id), email = text.some(at(customer, "email")) or text.some(a and a.email),
		name = text.free(a and text.join(a.first_name, a.last_name), 256), company = text.free(a and a.company, 256),
		phone = text.free(a and a.phone, 64),
	}
end

-- A charge for carriage stands among the lines, named by whoever set up the site: shipping, or shipping-USD by item prices.
local carriage = {
	shipping = true, ["shipping-charge"] = true, ["shipping-charges"] = true, ["shipping-cost"] = true, freight = true,
	delivery = true,
}

local function is_carriage(l)
	local id = string.gsub(l.entity_id or "", "%-%u%u%u$", "")
	return l.is_shippable ~= true and carriage[string.lower(id)] ~= nil
end

-- One line of an order or an invoice, as a line or, when it is carriage, as an adjustment. amount: of the whole line.
local function add(parts, l, path, quantity, unit, amount, ships)
	local currency = parts.currency
	local discount = minor.some(l.discount_amount, path .. ".discount_amount")
	local tax = minor.some(l.tax_amount, path .. ".tax_amount")
	parts.discount, parts.tax = parts.discount + discount, parts.tax + tax
	if is_carriage(l) then
		parts.shipping = parts.shipping + amount
		return adjustments.add(parts.adjustments, "shipping", text.free(l.description, 256), amount - discount, tax)
	end
	parts.lines[#parts.lines + 1] = {
		line_ref = field.need(l.id, path .. ".id", "the line's id"), sku = text.some(l.sku) or text.some(l.entity_id),
		description = text.free(l.description, 1024), quantity = quantity,
		unit_price = minor.price(amount, quantity, unit, currency, path), discount_minor = discount, tax_minor = tax,
		requires_shipping = ships,
	}
end

-- What the resource's discounts and taxes have beside its lines.
local function beside(parts, resource, base)
	local discount = minor.some(resource.discount, base .. "discount")
	local tax = minor.some(resource.tax, base .. "tax")
	if discount > parts.discount then
		adjustments.add(parts.adjustments, "discount", "discounts of the whole", parts.discount - discount)
	end
	if tax > parts.tax then adjustments.add(parts.adjustments, "tax", "taxes of the whole", 0, tax - parts.tax) end
	return {
		discount_minor = math.max(discount, parts.discount), tax_minor = tax, shipping_minor = parts.shipping,
		grand_minor = minor.amount(resource.total, base .. "total"),
	}
end

local function parts_new(resource, base)
	local currency = field.need(resource.currency_code, base .. "currency_code", "ISO 4217")
	return { currency = currency, lines = {}, adjustments = {}, discount = 0, tax = 0, shipping = 0 }
end

-- What both resources have in common.
local function canonical(resource, base, customer, parts, stated)
	return {
		revision = text.some(resource.resource_version), currency = parts.currency,
		prices_include_tax = resource.price_type == "tax_inclusive", buyer = buyer(resource, customer),
		bill_to = address(resource.billing_address), ship_to = address(resource.shipping_address),
		lines = parts.lines, adjustments = parts.adjustments, stated = stated, payment_status = "paid",
	}
end

-- --- an order --------------------------------------------------------------------------------------------------------

local sent = { complete = true, shipped = true, delivered = true }
local open = { new = true, queued = true, processing = true, awaiting_shipment = true }

local function is_cancelled(o)
	return o.status == "cancelled" or o.status == "voided" or o.cancelled_at ~= nil
end

-- Orders of later months are made at once, all of them queued. Their day is told by order_ready_to_process.
local function look_due(o, base, event_type)
	if o.status ~= "queued" or o.shipping_date == nil or string.find(event_type or "", "^order_ready_to_") then return end
	local said = minor.some(o.updated_at or o.created_at, base .. "updated_at")
	if said > 0 and minor.amount(o.shipping_date, base .. "shipping_date") > said + 86400 then
		ignore("order-not-due", "it is to be shipped on " .. field.instant(o.shipping_date, base .. "shipping_date") ..
			": order_ready_to_process comes on its day")
	end
end

-- Documents that are no order for us, or not one that a machine should act on.
local function look_order(o, base, event_type)
	if o.deleted == true then ignore("order-deleted", "deleted at Chargebee") end
	if is_cancelled(o) then return end
	if sent[o.status or ""] then ignore("order-fulfilled", "status " .. o.status .. ": it has left") end
	if o.status == "partially_delivered" then
		hold("order-fulfilled-in-part", base .. "status",
			"some of it has left already: enter by hand what is to be shipped, then dismiss this")
	end
	if o.status == "on_hold" then
		hold("order-on-hold", base .. "status", "Chargebee holds it: stop what is under way; dismiss this when it goes on there")
	end
	if o.status == "returned" or minor.some(o.refundable_credits_issued, base .. "refundable_credits_issued") > 0 or
		(o.linked_credit_notes and #o.linked_credit_notes > 0) then
		hold("order-refunded", base .. "linked_credit_notes",
			"money was given back: look at the order at Chargebee, enter by hand what is to be shipped, then dismiss this")
	end
	if not open[o.status or ""] then
		hold("status-unknown", base .. "status", "a status that the mapping does not know: teach it, then release this")
	end
	if o.payment_status ~= "paid" then
		ignore("order-unpaid", "payment_status " .. tostring(o.payment_status) .. ": the paid order comes when it is paid")
	end
	look_due(o, base, event_type)
	if not text.some(o.subscription_id) then
		hold("order-of-invoice", base .. "subscription_id",
			"an order of no subscription: its invoice may have been shipped already; enter it by hand if not, then dismiss this")
	end
end

local function order_lines(o, base)
	local parts, path = parts_new(o, base), base .. "order_line_items"
	for _, l in ipairs(field.list(field.need(o.order_line_items, path, "the order's lines"), path)) do
		local n, quantity = l.node, field.need(l.node.fulfillment_quantity, l.path .. ".fulfillment_quantity", "the ordered quantity")
		local unit = minor.amount(n.unit_price, l.path .. ".unit_price")
		if (n.status == "cancelled" or n.status == "returned") and not is_cancelled(o) then
			hold("order-refunded", l.path .. ".status",
				"a line was taken off: enter by hand what is to be shipped, then dismiss this")
		end
		local amount = gross(quantity, tostring(unit), "JPY") -- in minor units, so without places
		if not amount then refuse("field-type", l.path .. ".fulfillment_quantity", "is no quantity") end
		add(parts, n, l.path, quantity, unit, amount, n.is_shippable ~= false)
	end
	return parts
end

-- How an invoice was rounded, or split among its orders, when that is just what is missing.
local function order_rounding(o, base, parts, stated)
	local total, tax = 0, 0
	for _, l in ipairs(parts.lines) do
		total, tax = total + gross(l.quantity, l.unit_price, parts.currency) - l.discount_minor, tax + l.tax_minor
	end
	for _, a in ipairs(parts.adjustments) do total, tax = total + a.amount_minor, tax + a.tax_minor end
	local rest = stated.grand_minor - total - (o.price_type == "tax_inclusive" and 0 or tax)
	local split_off = minor.some(o.rounding_adjustement, base .. "rounding_adjustement") -- so written by Chargebee
	local round_off = minor.some(o.invoice_round_off_amount, base .. "invoice_round_off_amount")
	if rest == split_off or rest == round_off or rest == split_off + round_off then
		adjustments.add(parts.adjustments, "rounding", "rounding of the invoice", rest)
	end
end

local function from_order(o, base, event_type, customer)
	about(text.some(o.document_number) or text.some(o.id))
	look_order(o, base, event_type)
	local parts = order_lines(o, base)
	local stated = beside(parts, o, base)
	order_rounding(o, base, parts, stated)
	local out = canonical(o, base, customer, parts, stated)
	out.source_id = "order/" .. field.need(o.id, base .. "id", "the order's id")
	out.source_number = text.some(o.document_number) or o.id
	out.kind = is_cancelled(o) and "cancel" or "new"
	out.placed_at = field.instant(o.created_at or o.order_date, base .. "created_at", "when it was made")
	out.note = text.free(o.note, 4096)
	return out
end

-- --- an invoice ------------------------------------------------------------------------------------------------------

local function look_invoice(i, base)
	if i.deleted == true then ignore("order-deleted", "deleted at Chargebee") end
	if text.some(i.subscription_id) or (i.linked_orders and #i.linked_orders > 0) then
		ignore("invoice-of-orders", "its goods are shipped by Chargebee's orders, which come by themselves")
	end
	local street = text.some(at(i, "shipping_address.line1"))
	if i.status == "voided" and street then return end
	if i.status ~= "paid" or minor.some(i.amount_due, base .. "amount_due") > 0 or
		minor.some(i.write_off_amount, base .. "write_off_amount") > 0 then
		ignore("order-unpaid", "invoice status " .. tostring(i.status) .. ", due " .. tostring(i.amount_due) ..
			": it comes again when it is paid")
	end
	if (i.issued_credit_notes and #i.issued_credit_notes > 0) or (i.adjustment_credit_notes and #i.adjustment_credit_notes > 0) then
		hold("order-refunded", base .. "issued_credit_notes",
			"a credit was given: look at the invoice at Chargebee, enter by hand what is to be shipped, then dismiss this")
	end
	if not street then ignore("nothing-to-ship", "paid, and no street to ship to") end
end

local function invoice_lines(i, base)
	local parts, path = parts_new(i, base), base .. "line_items"
	for _, l in ipairs(field.list(field.need(i.line_items, path, "the invoice's lines"), path)) do
		local n, quantity = l.node, field.need(l.node.quantity or "1", l.path .. ".quantity", "the quantity")
		if text.some(n.subscription_id) then
			ignore("invoice-of-orders", "its goods are shipped by Chargebee's orders, which come by themselves")
		end
		add(parts, n, l.path, quantity, n.unit_amount, minor.amount(n.amount, l.path .. ".amount"), true)
	end
	return parts
end

local function from_invoice(i, base, customer)
	about(text.some(i.id))
	look_invoice(i, base)
	local parts = invoice_lines(i, base)
	local round_off = minor.some(i.round_off_amount, base .. "round_off_amount")
	adjustments.add(parts.adjustments, "rounding", "rounding of the invoice", round_off)
	local out = canonical(i, base, customer, parts, beside(parts, i, base))
	local id = field.need(i.id, base .. "id", "the invoice's id")
	out.source_id, out.source_number = "invoice/" .. id, id
	if i.status == "voided" then out.kind, out.payment_status = "cancel", "voided" else out.kind = "new" end
	out.placed_at = field.instant(i.date, base .. "date", "when it was made")
	return out
end

local function order(doc)
	if doc.list then ignore("list-empty", "a list without events, orders or invoices") end
	local base = doc.event and "event." or ""
	doc = doc.event or doc
	local content = doc.content or doc
	if doc.content then base = base .. "content." end
	if doc.api_version == "v1" then
		refuse("version-not-taken", "api_version", "is v1: set the webhook to version 2 at Chargebee")
	end
	local event_type = doc.event_type or ""
	about(text.some(doc.id))
	if content.order or string.find(event_type, "^order_") then
		local o = field.object(content.order, base .. "order", "the order of the event")
		return from_order(o, base .. "order.", event_type, content.customer)
	end
	if content.invoice or event_type == "" or string.find(event_type, "^invoice_") then
		local i = field.object(content.invoice, base .. "invoice", "an order or an invoice")
		return from_invoice(i, base .. "invoice.", content.customer)
	end
	ignore("event-ignored", event_type .. ": only orders and invoices concern us")
end

return { split = split, order = order }
