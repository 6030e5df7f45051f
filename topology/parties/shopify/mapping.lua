-- Shopify: the Order resource of the Admin API and of its webhooks (shopify.dev/docs/api/admin-rest, Order).
-- Amounts are in shop money. A line's discount is the sum of its discount_allocations, which hold the order's own
-- discounts too; shipping_lines become adjustments with what they cost after their discounts.
local text = lib("text")

local payment = {
	pending = "pending", expired = "voided", authorized = "authorized", paid = "paid", partially_paid = "partially-paid",
	refunded = "refunded", partially_refunded = "paid", voided = "voided",
}

-- Only what is paid or promised ships. With payment terms (net 30 and the like) an order is meant to be pending.
local function ships(doc)
	local p = payment[doc.financial_status or ""]
	return p == "paid" or p == "authorized" or p == "partially-paid" or (p == "pending" and doc.payment_terms ~= nil)
end

local function address(a)
	if not a then return nil end
	return {
		name = text.free(text.some(a.name) or text.join(a.first_name, a.last_name), 256),
		company = text.free(a.company, 256), line1 = text.free(a.address1, 256), line2 = text.free(a.address2, 256),
		city = text.free(a.city, 128), region = text.free(text.some(a.province_code) or a.province, 64),
		postal_code = text.some(a.zip), country = text.some(a.country_code), phone = text.free(a.phone, 64),
	}
end

local function sum(list, field, currency, path)
	local total = 0
	if list then
		for i = 1, #list do
			total = total + text.amount(list[i][field], currency, path .. "[" .. (i - 1) .. "]." .. field)
		end
	end
	return total
end

local function line(l, currency, path)
	return {
		line_ref = l.id, sku = text.some(l.sku) or text.some(l.variant_id), description = text.free(l.title, 1024),
		quantity = l.quantity,
		unit_price = l.price, requires_shipping = l.requires_shipping ~= false,
		discount_minor = sum(l.discount_allocations, "amount", currency, path .. ".discount_allocations"),
		tax_minor = sum(l.tax_lines, "price", currency, path .. ".tax_lines"),
	}
end

local function shipping(s, currency, path)
	local off = sum(s.discount_allocations, "amount", currency, path .. ".discount_allocations")
	local amount
	if off > 0 then
		amount = text.amount(s.price, currency, path .. ".price") - off
	else
		amount = text.amount(s.discounted_price or s.price, currency, path .. ".price")
	end
	return {
		kind = "shipping", reason = text.free(s.title, 256), amount_minor = amount,
		tax_minor = sum(s.tax_lines, "price", currency, path .. ".tax_lines"),
	}
end

-- What the total holds beside lines, taxes and shipping.
local function charge(adjustments, amount, reason, currency, path)
	local minor = amount and text.amount(amount, currency, path) or 0
	if minor ~= 0 then
		adjustments[#adjustments + 1] = { kind = "charge", reason = reason, amount_minor = minor }
	end
end

-- Documents that are no order for us, or not one that a machine should act on.
local function look(doc)
	if doc.test == true then ignore("order-test", "a test order: financial figures only") end
	if text.some(doc.cancelled_at) then return end
	if doc.fulfillment_status == "fulfilled" then
		ignore("order-fulfilled", "the channel says that all of it has left")
	end
	if doc.financial_status == "refunded" or doc.financial_status == "partially_refunded" or
		(doc.refunds and #doc.refunds > 0) then
		hold("order-refunded", "financial_status",
			"money was given back: look at the order in the shop, enter by hand what is to be shipped, then dismiss this")
	end
	if not ships(doc) then
		ignore("order-unpaid", "financial_status " .. tostring(doc.financial_status) .. ": the paid order comes when it is paid")
	end
end

local function lines_of(doc, currency)
	local lines = {}
	for i = 1, #doc.line_items do
		local l, path = doc.line_items[i], "line_items[" .. (i - 1) .. "]"
		if l.quantity == nil then refuse("field-missing", path .. ".quantity", "is required: the ordered quantity") end
		if not text.some(doc.cancelled_at) and l.current_quantity ~= nil and l.current_quantity ~= l.quantity then
			hold("order-refunded", path .. ".current_quantity",
				"the order was edited after it was placed: enter by hand what is to be shipped, then dismiss this")
		end
		if l.quantity ~= "0" then lines[#lines + 1] = line(l, currency, path) end -- an edit leaves lines of 0
	end
	return lines
end

local function order(doc)
	doc = doc.order or doc -- the Admin API's answers have it under `order`, webhooks at the top
	local currency, adjustments = doc.currency, {}
	local customer = doc.customer
	about(text.some(doc.name) or text.some(doc.order_number))
	if not doc.line_items then refuse("field-missing", "line_items", "is required: the order's lines") end
	look(doc)
	if doc.shipping_lines then
		for i = 1, #doc.shipping_lines do
			adjustments[i] = shipping(doc.shipping_lines[i], currency, "shipping_lines[" .. (i - 1) .. "]")
		end
	end
	charge(adjustments, doc.total_tip_received, "tip", currency, "total_tip_received")
	charge(adjustments, at(doc, "original_total_duties_set.shop_money.amount"), "duties", currency,
		"original_total_duties_set.shop_money.amount")
	charge(adjustments, at(doc, "original_total_additional_fees_set.shop_money.amount"), "additional fees", currency,
		"original_total_additional_fees_set.shop_money.amount")
	return {
		source_id = doc.id, source_number = text.some(doc.name) or text.some(doc.order_number),
		revision = text.some(doc.updated_at), kind = text.some(doc.cancelled_at) and "cancel" or "new",
		placed_at = text.some(doc.processed_at) or doc.created_at, currency = currency,
		prices_include_tax = doc.taxes_included == true,
		buyer = {
			account = customer and text.some(customer.id), email = text.some(doc.email) or text.some(at(doc, "customer.email")),
			name = customer and text.free(text.join(customer.first_name, customer.last_name), 256),
			phone = text.free(doc.phone, 64), company = text.free(at(doc, "billing_address.company"), 256),
		},
		bill_to = address(doc.billing_address), ship_to = address(doc.shipping_address),
		lines = lines_of(doc, currency), adjustments = adjustments,
		stated = {
			lines_minor = text.amount(doc.total_line_items_price, currency, "total_line_items_price"),
			discount_minor = text.amount(doc.total_discounts, currency, "total_discounts"),
			tax_minor = text.amount(doc.total_tax, currency, "total_tax"),
			grand_minor = text.amount(doc.total_price, currency, "total_price"),
		},
		payment_status = payment[doc.financial_status or ""] or "unknown", note = text.free(doc.note, 4096),
	}
end

return { order = order }
