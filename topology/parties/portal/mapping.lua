-- The customer portal's orders; their format is in README.md. Many customers share the portal, and two of them may have the
-- same reference, so the order's key is the customer and the reference.
local text, field, adjustments = lib("text"), lib("field"), lib("adjustments")

local not_yet = { draft = true, ["awaiting-approval"] = true }
local states = { pending = "pending", authorized = "authorized", paid = "paid", failed = "voided" }

local function split(doc)
	if not doc.orders or #doc.orders == 0 then return { doc } end
	local units = {}
	for i, o in ipairs(field.list(doc.orders, "orders")) do units[i] = o.node end
	return units
end

-- RFC 3339 as it is; milliseconds, when there are only digits. Since 2001 and until 2286 they are 13: other digits would be
-- seconds, or a day.
local function when(value, path)
	if not string.find(value, "^%d+$") then return value end
	if #value ~= 13 then refuse("field-type", path, "is neither RFC 3339 nor milliseconds since 1970") end
	return field.instant(string.sub(value, 1, 10) .. "." .. string.sub(value, 11), path, "when")
end

-- An address, or the id of one in `addresses`.
local function address(doc, name)
	local a = doc[name]
	if a == nil then return nil end
	if type(a) ~= "userdata" then
		local id = a
		a = nil
		for _, one in ipairs(field.list(doc.addresses, "addresses")) do
			if one.node.id == id then a = one.node end
		end
		if not a then refuse("address-unknown", name, "is " .. tostring(id) .. ", which is no id among `addresses`") end
	end
	return {
		name = text.free(a.name, 256), company = text.free(a.company, 256), line1 = text.free(a.street, 256),
		line2 = text.free(a.street2, 256), city = text.free(a.city, 128), region = text.free(a.region, 64),
		postal_code = text.some(a.postal_code), country = text.some(a.country), phone = text.free(a.phone, 64),
		email = text.some(a.email), gln = text.some(a.gln),
	}
end

local function amount_or_0(value, currency, path)
	return value == nil and 0 or text.amount(value, currency, path)
end

local function look(doc)
	local status = field.need(doc.status, "status", "submitted, draft, awaiting-approval or cancelled")
	if doc.test == true then ignore("order-test", "a test order") end
	if status == "cancelled" then return end
	if not_yet[status] then ignore("order-draft", "status " .. status .. ": it comes again when it is submitted") end
	if status ~= "submitted" then refuse("status-not-taken", "status", "is none of submitted, draft, awaiting-approval, cancelled") end
	local method = field.need(at(doc, "payment.method"), "payment.method", "account, card, …")
	local state = states[at(doc, "payment.state") or ""]
	if method ~= "account" and state ~= "authorized" and state ~= "paid" then
		ignore("order-unpaid", "payment by " .. method .. " is " .. tostring(at(doc, "payment.state")) ..
			": it comes again when it is paid")
	end
end

local function line(l, currency, path)
	return {
		line_ref = field.need(l.id, path .. ".id", "the line's id"), sku = text.some(l.item), gtin = text.some(l.gtin),
		description = text.free(l.text, 1024), unit = text.some(l.unit),
		quantity = field.need(l.quantity, path .. ".quantity", "the ordered quantity"),
		unit_price = field.need(l.price, path .. ".price", "the price of one unit"), requires_shipping = l.ships ~= false,
		discount_minor = amount_or_0(l.discount, currency, path .. ".discount"),
		tax_minor = amount_or_0(l.tax, currency, path .. ".tax"),
	}
end

-- Of { text, amount, tax }; sign -1 for a discount, which is stated as a positive amount.
local function put(list, kind, part, currency, path, sign)
	if part == nil then return end
	adjustments.add(list, kind, text.free(part.text, 256), sign * text.amount(part.amount, currency, path .. ".amount"),
		sign * amount_or_0(part.tax, currency, path .. ".tax"))
end

local function stated(doc, currency)
	local t = field.need(doc.totals, "totals", "at least totals.grand")
	return {
		lines_minor = amount_or_0(t.lines, currency, "totals.lines"),
		discount_minor = amount_or_0(t.discount, currency, "totals.discount"),
		shipping_minor = amount_or_0(t.freight, currency, "totals.freight"),
		tax_minor = amount_or_0(t.tax, currency, "totals.tax"), grand_minor = text.amount(t.grand, currency, "totals.grand"),
	}
end

local function payment_status(doc)
	return states[at(doc, "payment.state") or ""] or (at(doc, "payment.method") == "account" and "pending") or "unknown"
end

local function order(doc)
	if doc.orders then ignore("list-empty", "a list without an order") end
	about(text.some(doc.reference))
	local customer = field.need(doc.customer, "customer", "the account at the portal")
	local reference = field.need(doc.reference, "reference", "the customer's own reference")
	if string.find(customer, "/") then refuse("field-text", "customer", "has a /, which parts it from the reference in the key") end
	look(doc)
	local currency, lines, list, contact = field.need(doc.currency, "currency", "ISO 4217"), {}, {}, doc.contact
	for i, l in ipairs(field.list(field.need(doc.lines, "lines", "the order's lines"), "lines")) do
		lines[i] = line(l.node, currency, l.path)
	end
	put(list, "discount", doc.discount, currency, "discount", -1)
	put(list, "shipping", doc.freight, currency, "freight", 1)
	for _, c in ipairs(field.list(doc.charges, "charges")) do put(list, "charge", c.node, currency, c.path, 1) end
	return {
		source_id = customer .. "/" .. reference, source_number = reference,
		revision = text.some(doc.changed_at), kind = doc.status == "cancelled" and "cancel" or "new",
		placed_at = when(field.need(doc.placed_at, "placed_at", "when it was placed"), "placed_at"), currency = currency,
		prices_include_tax = doc.tax_included == true,
		buyer = {
			account = customer, name = text.free(contact and contact.name, 256), email = text.some(contact and contact.email),
			phone = text.free(contact and contact.phone, 64), company = text.free(contact and contact.company, 256),
		},
		bill_to = address(doc, "bill_to"), ship_to = address(doc, "ship_to"), lines = lines, adjustments = list,
		stated = stated(doc, currency), payment_status = payment_status(doc), note = text.free(doc.note, 4096),
	}
end

return { split = split, order = order }
