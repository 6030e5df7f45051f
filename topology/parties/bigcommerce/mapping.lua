-- BigCommerce: an order of the v2 API (developer.bigcommerce.com, Orders V2), made whole by whoever fetched it: the lists
-- that `products` and `shipping_addresses` point to stand in their place. Or a list of such orders.
-- Amounts are texts of four places, in pairs without and with tax; is_tax_inclusive_pricing says which of the two counts.
-- A product's tax is before what discounts take from it; the order's total_tax is after, and the rest is an adjustment.
local text, dates, amounts, list, places = lib("text"), lib("dates"), lib("amounts"), lib("list"), lib("places")

-- What the shop's states mean for us; 9 and 11 are to be sent, 5 and 6 are called off.
local ignored = {
	["0"] = "order-draft", ["1"] = "order-draft", ["7"] = "order-unpaid", ["2"] = "order-fulfilled",
	["10"] = "order-fulfilled", ["3"] = "order-part-shipped", ["8"] = "order-pickup",
}
local on_hold = { ["12"] = "the shop checks it by hand", ["13"] = "the buyer disputes it" }
local refunded = { ["4"] = true, ["14"] = true }
local cancelled = { ["5"] = true, ["6"] = true }
local to_be_sent = { ["9"] = true, ["11"] = true }

local payment = {
	authorized = "authorized", ["capture pending"] = "authorized", captured = "paid", paid = "paid", pending = "pending",
	["held for review"] = "pending", refunded = "refunded", ["partially refunded"] = "paid", void = "voided",
	["void pending"] = "voided", declined = "voided",
}

local function look(doc)
	local status = text.some(doc.status_id)
	if not status then refuse("field-missing", "status_id", "is required: what is to become of the order") end
	if cancelled[status] then return end
	if ignored[status] then ignore(ignored[status], "status " .. status .. " " .. tostring(text.some(doc.status))) end
	if refunded[status] or not amounts.is_zero(doc.refunded_amount) then
		hold("order-refunded", "refunded_amount",
			"money was given back: look at the order in the shop, enter by hand what is to be shipped, then dismiss this")
	end
	if on_hold[status] then
		hold("order-on-hold", "status_id", on_hold[status] ..
			": stop it if it is under way; it comes again when it is to be sent, then dismiss this")
	end
	if not to_be_sent[status] then
		hold("status-unknown", "status_id", "a status that is not known: teach the mapping what it means, then release this")
	end
end

-- Only the list itself will do; the order has a link in its place until someone fetched it.
local function fetched(doc, name)
	local value = doc[name]
	if value == nil or (type(value) == "userdata" and value[1] == nil) then
		refuse("order-incomplete", name, "is not there: send the order with what its " .. name .. " link gives in its place")
	end
	return list.objects(value, name)
end

local function address(a, path)
	if not list.object(a, path) then return nil end
	local country = places.country(a.country_iso2)
	return {
		name = text.free(text.join(a.first_name, a.last_name), 256), company = text.free(a.company, 256),
		line1 = text.free(a.street_1, 256), line2 = text.free(a.street_2, 256), city = text.free(a.city, 128),
		region = places.region(a.state, country), postal_code = text.some(a.zip), country = country,
		phone = text.free(a.phone, 64), email = text.some(a.email),
	}
end

-- The one address that its goods go to; an address that nothing goes to does not count.
local function ship_to(doc, products)
	local wanted, found
	for i = 1, #products do
		local id = products[i].type ~= "digital" and text.some(products[i].order_address_id)
		if id and id ~= "0" then
			if wanted and wanted ~= id then
				hold("ship-to-several", "products[" .. (i - 1) .. "].order_address_id",
					"it goes to several addresses: enter an order for each by hand, then dismiss this")
			end
			wanted = id
		end
	end
	if not wanted and list.is_yes(doc.order_is_digital) then return nil end
	local all = fetched(doc, "shipping_addresses")
	for i = 1, #all do
		if not wanted or all[i].id == wanted then found = found or all[i] end
	end
	return address(found, "shipping_addresses")
end

local function line(p, side, currency, path)
	if p.quantity == nil then refuse("field-missing", path .. ".quantity", "is required: the ordered quantity") end
	if list.is_yes(p.is_refunded) or not amounts.is_zero(p.quantity_refunded) then
		hold("order-refunded", path .. ".quantity_refunded",
			"some of it was given back: enter by hand what is to be shipped, then dismiss this")
	end
	local total, discount = amounts.rounded(p["total_" .. side], currency, path .. ".total_" .. side), 0
	local discounts = list.objects(p.applied_discounts, path .. ".applied_discounts")
	for i = 1, #discounts do
		discount = discount + amounts.rounded(discounts[i].amount, currency, path .. ".applied_discounts[" .. (i - 1) .. "].amount")
	end
	return {
		line_ref = p.id, sku = text.some(p.sku) or text.some(p.product_id), gtin = text.gtin(p.upc),
		description = text.free(p.name, 1024), quantity = p.quantity,
		unit_price = amounts.unit_price(p["price_" .. side], p["total_" .. side], total, p.quantity, currency,
			path .. ".total_" .. side),
		discount_minor = discount, tax_minor = amounts.rounded_or_zero(p.total_tax, currency, path .. ".total_tax"),
		requires_shipping = p.type == nil or p.type == "physical",
	}
end

local function charge(into, kind, reason, cost, tax, currency, path)
	local minor, tax_minor = amounts.rounded_or_zero(cost, currency, path), amounts.rounded_or_zero(tax, currency, path)
	if minor ~= 0 or tax_minor ~= 0 then
		into[#into + 1] = { kind = kind, reason = reason, amount_minor = minor, tax_minor = tax_minor }
	end
end

local function adjustments_of(doc, lines, side, currency)
	local all, off = {}, 0
	charge(all, "shipping", "shipping", doc["shipping_cost_" .. side], doc.shipping_cost_tax, currency, "shipping_cost_" .. side)
	charge(all, "charge", "handling", doc["handling_cost_" .. side], doc.handling_cost_tax, currency, "handling_cost_" .. side)
	charge(all, "charge", "gift wrapping", doc["wrapping_cost_" .. side], doc.wrapping_cost_tax, currency,
		"wrapping_cost_" .. side)
	local fees = list.objects(doc.fees, "fees")
	for i = 1, #fees do
		local f = fees[i]
		-- the documentation itself writes cost_exc_tax in one place and cost_ex_tax in another
		local cost = side == "ex_tax" and (f.cost_ex_tax or f.cost_exc_tax) or f["cost_" .. side]
		charge(all, "charge", text.free(text.some(f.display_name_merchant) or f.type, 256), cost, f.cost_tax, currency,
			"fees[" .. (i - 1) .. "]")
	end
	for i = 1, #lines do off = off + lines[i].discount_minor end
	local rest = amounts.rounded_or_zero(doc.discount_amount, currency, "discount_amount") +
		amounts.rounded_or_zero(doc.coupon_discount, currency, "coupon_discount") - off
	if rest > 0 then -- what is on no line
		all[#all + 1] = { kind = "discount", reason = "discounts of the order", amount_minor = -rest, tax_minor = 0 }
	end
	return all
end

-- What the order's total_tax has beside the taxes of its parts.
local function tax_rest(total, lines, adjustments)
	local sum = 0
	for i = 1, #lines do sum = sum + lines[i].tax_minor end
	for i = 1, #adjustments do sum = sum + adjustments[i].tax_minor end
	if sum ~= total then
		adjustments[#adjustments + 1] = {
			kind = "tax", reason = "tax as the order has it, after discounts", amount_minor = 0, tax_minor = total - sum,
		}
	end
end

local function cancel(doc)
	return {
		source_id = doc.id, source_number = text.some(doc.id), revision = dates.rfc2822(doc.date_modified, "date_modified"),
		kind = "cancel", placed_at = dates.rfc2822(doc.date_created, "date_created"), currency = doc.currency_code,
		payment_status = "voided",
	}
end

-- What tells of an order and is none.
local function refuse_parts(doc)
	if doc[1] ~= nil then
		local id = text.some(list.object(doc[1], "[0]").order_id)
		about(id)
		refuse("order-incomplete", "", "is a part of order " .. tostring(id) ..
			": send the order with its products and shipping_addresses in it")
	end
	local scope = text.some(doc.scope)
	if scope then
		about(text.some(at(doc, "data.id")))
		if string.sub(scope, 1, 12) ~= "store/order/" then ignore("event-ignored", "only orders concern us") end
		refuse("order-incomplete", "data.id", "says only that there is order " .. tostring(text.some(at(doc, "data.id"))) ..
			": fetch it with its products and shipping_addresses, and send that")
	end
end

local function order(doc)
	refuse_parts(list.document(doc))
	if #doc == 0 then ignore("list-empty", "no order in it") end
	about(text.some(doc.id))
	look(doc)
	if cancelled[text.some(doc.status_id)] then return cancel(doc) end
	local side = list.is_yes(doc.is_tax_inclusive_pricing) and "inc_tax" or "ex_tax"
	local currency, lines, products = doc.currency_code, {}, fetched(doc, "products")
	for i = 1, #products do lines[i] = line(products[i], side, currency, "products[" .. (i - 1) .. "]") end
	local adjustments = adjustments_of(doc, lines, side, currency)
	local tax = amounts.rounded(doc.total_tax, currency, "total_tax")
	tax_rest(tax, lines, adjustments)
	return {
		source_id = doc.id, source_number = text.some(doc.id), revision = dates.rfc2822(doc.date_modified, "date_modified"),
		kind = "new", placed_at = dates.rfc2822(doc.date_created, "date_created"), currency = currency,
		prices_include_tax = side == "inc_tax",
		buyer = {
			account = doc.customer_id ~= "0" and text.some(doc.customer_id) or nil,
			email = text.some(at(doc, "billing_address.email")), company = text.free(at(doc, "billing_address.company"), 256),
			name = text.free(text.join(at(doc, "billing_address.first_name"), at(doc, "billing_address.last_name")), 256),
			phone = text.free(at(doc, "billing_address.phone"), 64),
		},
		bill_to = address(doc.billing_address, "billing_address"), ship_to = ship_to(doc, products),
		lines = lines, adjustments = adjustments,
		stated = {
			lines_minor = amounts.rounded(doc["subtotal_" .. side], currency, "subtotal_" .. side),
			discount_minor = amounts.rounded_or_zero(doc.discount_amount, currency, "discount_amount") +
				amounts.rounded_or_zero(doc.coupon_discount, currency, "coupon_discount"),
			shipping_minor = amounts.rounded_or_zero(doc["shipping_cost_" .. side], currency, "shipping_cost_" .. side),
			tax_minor = tax, grand_minor = amounts.rounded(doc.total_inc_tax, currency, "total_inc_tax"),
		},
		payment_status = payment[string.lower(text.some(doc.payment_status) or "")] or "unknown",
		note = text.free(doc.customer_message, 4096),
	}
end

-- A list of orders; a list of an order's parts stays whole, to be refused once.
local function split(doc)
	local first = list.document(doc)[1]
	if type(first) ~= "userdata" or first.status_id == nil then return { doc } end
	return list.of(doc, "")
end

return { split = split, order = order }
