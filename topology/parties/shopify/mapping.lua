-- Shopify: the Order resource of the Admin API and of its webhooks (shopify.dev/docs/api/admin-rest, Order).
-- Amounts are in shop money. A line's discount is the sum of its discount_allocations, which hold the order's own
-- discounts too; shipping_lines become adjustments with what they cost after their discounts.
local text = lib("text")

local payment = {
	pending = "pending", authorized = "authorized", paid = "paid", partially_paid = "partially-paid",
	refunded = "refunded", partially_refunded = "paid", voided = "voided",
}

local function address(a)
	if not a then return nil end
	return {
		name = text.some(a.name) or text.join(a.first_name, a.last_name), company = text.some(a.company),
		line1 = text.some(a.address1), line2 = text.some(a.address2), city = text.some(a.city),
		region = text.some(a.province_code) or text.some(a.province), postal_code = text.some(a.zip),
		country = text.some(a.country_code), phone = text.some(a.phone),
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
	if l.quantity == nil then refuse("field-missing", path .. ".quantity", "is required: the ordered quantity") end
	return {
		line_ref = l.id, sku = text.some(l.sku), description = text.some(l.title), quantity = l.quantity,
		unit_price = l.price, requires_shipping = l.requires_shipping ~= false,
		discount_minor = sum(l.discount_allocations, "amount", currency, path .. ".discount_allocations"),
		tax_minor = sum(l.tax_lines, "price", currency, path .. ".tax_lines"),
	}
end

local function shipping(s, currency, path)
	return {
		kind = "shipping", reason = text.some(s.title),
		amount_minor = text.amount(s.discounted_price or s.price, currency, path .. ".price"),
		tax_minor = sum(s.tax_lines, "price", currency, path .. ".tax_lines"),
	}
end

local function order(doc)
	local currency, lines, adjustments = doc.currency, {}, {}
	local customer = doc.customer
	if not doc.line_items then refuse("field-missing", "line_items", "is required: the order's lines") end
	for i = 1, #doc.line_items do
		lines[i] = line(doc.line_items[i], currency, "line_items[" .. (i - 1) .. "]")
	end
	if doc.shipping_lines then
		for i = 1, #doc.shipping_lines do
			adjustments[i] = shipping(doc.shipping_lines[i], currency, "shipping_lines[" .. (i - 1) .. "]")
		end
	end
	return {
		source_id = doc.id, source_number = text.some(doc.name) or text.some(doc.order_number),
		revision = text.some(doc.updated_at), kind = text.some(doc.cancelled_at) and "cancel" or "new",
		placed_at = doc.created_at, currency = currency, prices_include_tax = doc.taxes_included == true,
		buyer = {
			account = customer and text.some(customer.id), email = text.some(doc.email) or text.some(at(doc, "customer.email")),
			name = customer and text.join(customer.first_name, customer.last_name), phone = text.some(doc.phone),
			company = text.some(at(doc, "billing_address.company")),
		},
		bill_to = address(doc.billing_address), ship_to = address(doc.shipping_address),
		lines = lines, adjustments = adjustments,
		stated = {
			lines_minor = text.amount(doc.total_line_items_price, currency, "total_line_items_price"),
			discount_minor = text.amount(doc.total_discounts, currency, "total_discounts"),
			tax_minor = text.amount(doc.total_tax, currency, "total_tax"),
			grand_minor = text.amount(doc.total_price, currency, "total_price"),
		},
		payment_status = payment[doc.financial_status or ""] or "unknown", note = text.some(doc.note),
	}
end

return { order = order }
