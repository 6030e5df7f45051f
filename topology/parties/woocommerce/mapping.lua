-- WooCommerce: the Order of the REST API v3 and of its webhooks (woocommerce.github.io/woocommerce-rest-api-docs).
-- A line's `subtotal` is before, `total` after its discounts, both without tax; `price` is a float and not used. The unit
-- price is subtotal / quantity, which must give the subtotal back. Coupons are already inside of the lines.
local text = lib("text")

-- Only `processing` ships: paid and not sent yet. What the others mean for us:
local states = {
	pending = "order-unpaid", ["on-hold"] = "order-unpaid", failed = "order-unpaid", ["checkout-draft"] = "order-draft",
	["auto-draft"] = "order-draft", draft = "order-draft", trash = "order-deleted", completed = "order-fulfilled",
}

local function look(doc)
	local status = text.some(doc.status)
	if status == "cancelled" then return end
	if status == "refunded" or (doc.refunds and #doc.refunds > 0) then
		hold("order-refunded", "refunds",
			"money was given back: look at the order in the shop, enter by hand what is to be shipped, then dismiss this")
	end
	if states[status or ""] then ignore(states[status], "status " .. status .. ": an order to be sent has status processing") end
	if status ~= "processing" then
		hold("status-unknown", "status", "a status of the shop's own: teach the mapping what it means, then release this")
	end
end

local function address(a)
	if not a then return nil end
	return {
		name = text.free(text.join(a.first_name, a.last_name), 256), company = text.free(a.company, 256),
		line1 = text.free(a.address_1, 256), line2 = text.free(a.address_2, 256), city = text.free(a.city, 128),
		region = text.free(a.state, 64), postal_code = text.some(a.postcode), country = text.some(a.country),
		phone = text.free(a.phone, 64), email = text.some(a.email),
	}
end

-- A shipping address of empty texts means the billing address.
local function ship_to(doc)
	local a = doc.shipping
	if a and (text.some(a.address_1) or text.some(a.city) or text.some(a.country)) then return address(a) end
	return address(doc.billing)
end

-- An id of the shop's own, to be found among the aliases; 0 means none.
local function code(id)
	return id ~= "0" and text.some(id) or nil
end

local function line(l, currency, path)
	if l.quantity == nil then refuse("field-missing", path .. ".quantity", "is required: the ordered quantity") end
	local subtotal = text.amount(l.subtotal, currency, path .. ".subtotal")
	local price = divide(l.subtotal, l.quantity)
	if not price then refuse("field-range", path .. ".quantity", "must be more than 0") end
	if gross(l.quantity, price, currency) ~= subtotal then
		hold("price-inexact", path .. ".subtotal", "no unit price with six places gives this subtotal")
	end
	return {
		line_ref = l.id, sku = text.some(l.sku) or code(l.variation_id) or code(l.product_id),
		description = text.free(l.name, 1024), quantity = l.quantity,
		unit_price = price, requires_shipping = l.virtual ~= true,
		discount_minor = subtotal - text.amount(l.total, currency, path .. ".total"),
		tax_minor = text.amount(l.total_tax or "0", currency, path .. ".total_tax"),
	}
end

local function charges(list, kind, currency, name, into)
	if not list then return end
	for i = 1, #list do
		local path = name .. "[" .. (i - 1) .. "]"
		into[#into + 1] = {
			kind = kind, reason = text.free(text.some(list[i].name) or list[i].method_title, 256),
			amount_minor = text.amount(list[i].total, currency, path .. ".total"),
			tax_minor = text.amount(list[i].total_tax or "0", currency, path .. ".total_tax"),
		}
	end
end

local function order(doc)
	local currency, lines, adjustments = doc.currency, {}, {}
	about(text.some(doc.number))
	if not doc.line_items then refuse("field-missing", "line_items", "is required: the order's lines") end
	look(doc)
	for i = 1, #doc.line_items do
		lines[i] = line(doc.line_items[i], currency, "line_items[" .. (i - 1) .. "]")
	end
	charges(doc.shipping_lines, "shipping", currency, "shipping_lines", adjustments)
	charges(doc.fee_lines, "charge", currency, "fee_lines", adjustments)
	if not doc.date_created_gmt then refuse("field-missing", "date_created_gmt", "is required: when it was placed") end
	return {
		source_id = doc.id, source_number = text.some(doc.number), revision = text.some(doc.date_modified_gmt),
		kind = doc.status == "cancelled" and "cancel" or "new", placed_at = doc.date_created_gmt .. "Z",
		currency = currency, prices_include_tax = false, -- amounts above are always without tax
		buyer = {
			account = doc.customer_id ~= "0" and text.some(doc.customer_id) or nil,
			email = text.some(at(doc, "billing.email")), company = text.free(at(doc, "billing.company"), 256),
			name = text.free(text.join(at(doc, "billing.first_name"), at(doc, "billing.last_name")), 256),
			phone = text.free(at(doc, "billing.phone"), 64),
		},
		bill_to = address(doc.billing), ship_to = ship_to(doc), lines = lines, adjustments = adjustments,
		stated = {
			discount_minor = text.amount(doc.discount_total, currency, "discount_total"),
			shipping_minor = text.amount(doc.shipping_total, currency, "shipping_total"),
			tax_minor = text.amount(doc.total_tax, currency, "total_tax"),
			grand_minor = text.amount(doc.total, currency, "total"),
		},
		payment_status = doc.status == "processing" and "paid" or "voided", note = text.free(doc.customer_note, 4096),
	}
end

return { order = order }
