-- WooCommerce: the Order of the REST API v3 and of its webhooks (woocommerce.github.io/woocommerce-rest-api-docs).
-- A line's `subtotal` is before, `total` after its discounts, both without tax; `price` is a float and not used. The unit
-- price is subtotal / quantity, which must give the subtotal back. Coupons are already inside of the lines.
local text = lib("text")

local payment = {
	pending = "pending", ["on-hold"] = "pending", processing = "paid", completed = "paid", refunded = "refunded",
	cancelled = "voided", failed = "voided",
}

local function address(a)
	if not a then return nil end
	return {
		name = text.join(a.first_name, a.last_name), company = text.some(a.company), line1 = text.some(a.address_1),
		line2 = text.some(a.address_2), city = text.some(a.city), region = text.some(a.state),
		postal_code = text.some(a.postcode), country = text.some(a.country), phone = text.some(a.phone),
		email = text.some(a.email),
	}
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
		line_ref = l.id, sku = text.some(l.sku), description = text.some(l.name), quantity = l.quantity,
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
			kind = kind, reason = text.some(list[i].name) or text.some(list[i].method_title),
			amount_minor = text.amount(list[i].total, currency, path .. ".total"),
			tax_minor = text.amount(list[i].total_tax or "0", currency, path .. ".total_tax"),
		}
	end
end

local function order(doc)
	local currency, lines, adjustments = doc.currency, {}, {}
	if not doc.line_items then refuse("field-missing", "line_items", "is required: the order's lines") end
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
			email = text.some(at(doc, "billing.email")), company = text.some(at(doc, "billing.company")),
			name = text.join(at(doc, "billing.first_name"), at(doc, "billing.last_name")),
			phone = text.some(at(doc, "billing.phone")),
		},
		bill_to = address(doc.billing), ship_to = address(doc.shipping), lines = lines, adjustments = adjustments,
		stated = {
			discount_minor = text.amount(doc.discount_total, currency, "discount_total"),
			shipping_minor = text.amount(doc.shipping_total, currency, "shipping_total"),
			tax_minor = text.amount(doc.total_tax, currency, "total_tax"),
			grand_minor = text.amount(doc.total, currency, "total"),
		},
		payment_status = payment[doc.status or ""] or "unknown", note = text.some(doc.customer_note),
	}
end

return { order = order }
