-- Magento 2, Adobe Commerce: an order of the REST API (GET /V1/orders/{id}), or a search result of them (GET /V1/orders).
-- Plain amounts are in order_currency_code, those with base_ in the shop's. Null is left out, so any key may be missing.
-- A composed product is a row with rows below it (parent_item_id). Of a bundle the rows below are picked and, where they
-- have the prices, they are the lines; of a configurable the row itself is, with the sku of what was chosen.
-- Prices are always without tax; a discount may hold tax, which discount_tax_compensation_amount gives back.
local text, dates, amounts, list, places = lib("text"), lib("dates"), lib("amounts"), lib("list"), lib("places")

local ignored = {
	pending_payment = "order-unpaid", payment_review = "order-unpaid", complete = "order-fulfilled",
}

-- Methods that are promises to pay: an order with one ships while it is new. Others ship when they are paid (processing).
local on_account = { purchaseorder = true, companycredit = true, free = true }

local function look(doc)
	local state = text.some(doc.state)
	if state == "canceled" then return end
	if ignored[state or ""] then ignore(ignored[state], "state " .. state) end
	if state == "closed" or not amounts.is_zero(doc.total_refunded) then
		hold("order-refunded", "total_refunded",
			"money was given back: look at the order in the shop, enter by hand what is to be shipped, then dismiss this")
	end
	if state == "holded" then
		hold("order-on-hold", "state",
			"the shop holds it: stop it if it is under way; it comes again when it is to be sent, then dismiss this")
	end
	if state == "new" and not on_account[text.some(at(doc, "payment.method")) or ""] then
		ignore("order-unpaid", "state new, payment " .. tostring(text.some(at(doc, "payment.method"))) ..
			": it comes again when it is paid")
	end
	if state ~= "new" and state ~= "processing" then
		hold("status-unknown", "state", "a state that is not known: teach the mapping what it means, then release this")
	end
end

local function address(a, path)
	if not list.object(a, path) then return nil end
	local street, country, more = list.of(a.street, "street"), places.country(a.country_id), nil
	for i = 2, #street do more = text.join(more, street[i]) end
	return {
		name = text.free(text.join(a.firstname, a.lastname), 256), company = text.free(a.company, 256),
		line1 = text.free(street[1], 256), line2 = text.free(more, 256), city = text.free(a.city, 128),
		region = text.some(a.region_code) or places.region(a.region, country), postal_code = text.some(a.postcode),
		country = country, phone = text.free(a.telephone, 64), email = text.some(a.email),
	}
end

local function ship_to(doc)
	if list.is_yes(doc.is_virtual) then return nil end
	local all = list.of(at(doc, "extension_attributes.shipping_assignments"), "extension_attributes.shipping_assignments")
	if #all > 1 then
		hold("ship-to-several", "extension_attributes.shipping_assignments",
			"it goes to several addresses: enter an order for each by hand, then dismiss this")
	end
	return all[1] and address(at(all[1], "shipping.address"), "extension_attributes.shipping_assignments[0].shipping.address")
end

local function minor(row, field, currency)
	return amounts.rounded_or_zero(row.item[field], currency, row.path .. "." .. field)
end

-- Without the tax that is in it and was given back.
local function discount_of(row, currency)
	return minor(row, "discount_amount", currency) - minor(row, "discount_tax_compensation_amount", currency)
end

local function sum(rows, measure, currency, field)
	local total = 0
	for i = 1, #rows do
		total = total + (field and measure(rows[i], field, currency) or not field and measure(rows[i], currency))
	end
	return total
end

-- Do the rows below hold all of the money, so that they can be the lines?
local function holds_money(row, below, currency)
	if #below == 0 or sum(below, minor, currency, "row_total") ~= minor(row, "row_total", currency) then return false end
	local tax, off = minor(row, "tax_amount", currency), discount_of(row, currency)
	return (tax == 0 or tax == sum(below, minor, currency, "tax_amount")) and
		(off == 0 or off == sum(below, discount_of, currency))
end

local function line(row, below, currency)
	local l = row.item
	local total, tax, off = minor(row, "row_total", currency), minor(row, "tax_amount", currency), discount_of(row, currency)
	if l.qty_ordered == nil then refuse("field-missing", row.path .. ".qty_ordered", "is required: the ordered quantity") end
	if l.row_total == nil then refuse("field-missing", row.path .. ".row_total", "is required: what the row costs") end
	return {
		line_ref = l.item_id, sku = text.some(l.sku), description = text.free(l.name, 1024), quantity = l.qty_ordered,
		unit_price = amounts.unit_price(l.price, l.row_total, total, l.qty_ordered, currency, row.path .. ".row_total"),
		discount_minor = off ~= 0 and off or sum(below, discount_of, currency),
		tax_minor = tax ~= 0 and tax or sum(below, minor, currency, "tax_amount"),
		requires_shipping = not list.is_yes(l.is_virtual),
	}
end

local function is_sent(row)
	local l = row.item
	return not amounts.is_zero(l.qty_shipped) and divide(tostring(l.qty_shipped), "1") == divide(tostring(l.qty_ordered), "1")
end

-- What was sent of a composed product is counted in its own row or in those below it, as the shop likes.
local function is_all_sent(row)
	if is_sent(row) then return true end
	for i = 1, #row.below do
		if not is_sent(row.below[i]) then return false end
	end
	return #row.below > 0
end

-- Rows that were cancelled, given back or sent already.
local function rows_look(rows)
	local sent, left = false, false
	for i = 1, #rows do
		local row = rows[i]
		if not amounts.is_zero(row.item.qty_refunded) then
			hold("order-refunded", row.path .. ".qty_refunded",
				"some of it was given back: enter by hand what is to be shipped, then dismiss this")
		end
		if not amounts.is_zero(row.item.qty_canceled) then
			hold("order-part-cancelled", row.path .. ".qty_canceled",
				"some of it was cancelled: enter by hand what is to be shipped, then dismiss this")
		end
		sent = sent or not amounts.is_zero(row.item.qty_shipped)
		left = left or not (row.above or list.is_yes(row.item.is_virtual) or is_all_sent(row))
	end
	if sent and not left then ignore("order-fulfilled", "the shop says that all of it has left") end
	if sent then ignore("order-part-shipped", "the shop says that some of it has left: it came when it was to be sent") end
end

local function rows_of(doc)
	local items, rows, by_id = list.objects(doc.items, "items"), {}, {}
	if #items == 0 then refuse("field-missing", "items", "is required: the order's lines") end
	for i = 1, #items do
		local row = { item = items[i], path = "items[" .. (i - 1) .. "]", below = {} }
		rows[i] = row
		if text.some(items[i].item_id) then by_id[text.some(items[i].item_id)] = row end
	end
	for i = 1, #rows do
		rows[i].above = by_id[text.some(rows[i].item.parent_item_id) or ""]
		if rows[i].above then rows[i].above.below[#rows[i].above.below + 1] = rows[i] end
	end
	return rows
end

local function lines_of(rows, currency)
	local lines = {}
	for i = 1, #rows do
		local row = rows[i]
		if not row.above then
			if row.item.product_type == "bundle" and holds_money(row, row.below, currency) then
				for k = 1, #row.below do lines[#lines + 1] = line(row.below[k], {}, currency) end
			else
				lines[#lines + 1] = line(row, row.below, currency)
			end
		end
	end
	return lines
end

local function shipping(doc, currency)
	local whole = amounts.rounded_or_zero(doc.shipping_amount, currency, "shipping_amount")
	local tax = amounts.rounded_or_zero(doc.shipping_tax_amount, currency, "shipping_tax_amount")
	local off = amounts.rounded_or_zero(doc.shipping_discount_amount, currency, "shipping_discount_amount") -
		amounts.rounded_or_zero(doc.shipping_discount_tax_compensation_amount, currency,
			"shipping_discount_tax_compensation_amount")
	if whole == 0 and tax == 0 then return {} end
	return {
		{ kind = "shipping", reason = text.free(doc.shipping_description, 256), amount_minor = whole - off, tax_minor = tax },
	}
end

-- Gift cards, store credit and points pay an order; they do not make it cheaper, though grand_total is what is left.
local function paid_otherwise(doc, currency)
	local total = 0
	for _, name in ipairs({ "gift_cards_amount", "customer_balance_amount", "reward_currency_amount" }) do
		total = total + amounts.rounded_or_zero(at(doc, "extension_attributes." .. name), currency, "extension_attributes." .. name)
	end
	return total
end

local function header(doc)
	return {
		source_id = doc.entity_id, source_number = text.some(doc.increment_id), revision = dates.utc(doc.updated_at, "updated_at"),
		kind = "new", placed_at = dates.utc(doc.created_at, "created_at"), currency = doc.order_currency_code,
		prices_include_tax = false,
	}
end

local function payment_status(doc)
	if doc.state == "new" then return "pending" end
	return amounts.is_zero(doc.total_due) and "paid" or "authorized"
end

local function order(doc)
	if list.document(doc).total_count ~= nil then ignore("list-empty", "no order in it") end
	about(text.some(doc.increment_id))
	if doc.order_id ~= nil then
		ignore("event-ignored", "an invoice, shipment or refund of order " .. tostring(text.some(doc.order_id)) .. ", not an order")
	end
	look(doc)
	local o = header(doc)
	if text.some(doc.state) == "canceled" then
		o.kind, o.payment_status = "cancel", "voided"
		return o
	end
	local currency, rows = o.currency, rows_of(doc)
	rows_look(rows)
	o.buyer = {
		account = not list.is_yes(doc.customer_is_guest) and text.some(doc.customer_id) or nil,
		email = text.some(doc.customer_email), company = text.free(at(doc, "billing_address.company"), 256),
		name = text.free(text.join(doc.customer_firstname, doc.customer_lastname), 256),
		phone = text.free(at(doc, "billing_address.telephone"), 64),
	}
	o.bill_to, o.ship_to = address(doc.billing_address, "billing_address"), ship_to(doc)
	o.lines, o.adjustments = lines_of(rows, currency), shipping(doc, currency)
	o.stated = {
		lines_minor = amounts.rounded_or_zero(doc.subtotal, currency, "subtotal"),
		discount_minor = -amounts.rounded_or_zero(doc.discount_amount, currency, "discount_amount"),
		shipping_minor = amounts.rounded_or_zero(doc.shipping_amount, currency, "shipping_amount"),
		tax_minor = amounts.rounded_or_zero(doc.tax_amount, currency, "tax_amount"),
		grand_minor = amounts.rounded(doc.grand_total, currency, "grand_total") + paid_otherwise(doc, currency),
	}
	o.payment_status, o.note = payment_status(doc), text.free(doc.customer_note, 4096)
	return o
end

-- A search result has its orders under `items`, as an order has its lines; only the result has a total_count.
local function split(doc)
	if list.document(doc).total_count == nil then return { doc } end
	local all = list.of(doc.items, "items")
	return #all > 0 and all or { doc }
end

return { split = split, order = order }
