-- Walmart Marketplace (developer.walmart.com/us-marketplace, orders v3): an order, or list.elements.order.
-- An order states neither prices nor a total: a line's charges are for its whole quantity, and the total is their sum. Where
-- there is one of something an object may stand for the list. purchaseOrderId is the key; customerOrderId is shared.
-- Buyers are anonymous (the e-mail is a relay): the customer account is always walmart.com.
local text, dates, amounts, list, places = lib("text"), lib("dates"), lib("amounts"), lib("list"), lib("places")

local open = { Created = true, Acknowledged = true }
local sent = { Shipped = true, Delivered = true }

-- How much of the line is open, sent and cancelled.
local function progress(l, path)
	local p = { open = 0, sent = 0, cancelled = 0 }
	local all = list.objects(at(l, "orderLineStatuses.orderLineStatus"), path .. ".orderLineStatuses.orderLineStatus")
	if #all == 0 then refuse("field-missing", path .. ".orderLineStatuses", "is required: what is to become of the line") end
	for i = 1, #all do
		local s, where = all[i], path .. ".orderLineStatuses.orderLineStatus[" .. (i - 1) .. "]"
		local n = amounts.whole(at(s, "statusQuantity.amount"), where .. ".statusQuantity.amount")
		if open[text.some(s.status) or ""] then
			p.open = p.open + n
		elseif sent[text.some(s.status) or ""] then
			p.sent = p.sent + n
		elseif s.status == "Cancelled" then
			p.cancelled = p.cancelled + n
		elseif s.status ~= "Refund" then
			hold("status-unknown", where .. ".status",
				"a status that is not known: teach the mapping what it means, then release this")
		end
	end
	return p
end

-- null, objects of nulls and refunds of 0 are none.
local function is_refunded(l, path)
	local all = list.objects(at(l, "refund.refundCharges.refundCharge"), path .. ".refund.refundCharges.refundCharge")
	for i = 1, #all do
		if not amounts.is_zero(at(all[i], "charge.chargeAmount.amount")) then return true end
	end
	return false
end

-- Is it called off? Ends the run when it is nothing to be sent, or when a person must look.
local function look(rows)
	local total = { open = 0, sent = 0, cancelled = 0 }
	for i = 1, #rows do
		for kind, n in pairs(rows[i].progress) do total[kind] = total[kind] + n end
	end
	if total.open == 0 and total.sent > 0 then ignore("order-fulfilled", "all that is wanted of it has left") end
	if total.open == 0 then return true end
	if total.sent > 0 then ignore("order-part-shipped", "some of it has left: it came when it was to be sent") end
	for i = 1, #rows do
		if is_refunded(rows[i].line, rows[i].path) then
			hold("order-refunded", rows[i].path .. ".refund",
				"money was given back: look at the order at Walmart, enter by hand what is to be shipped, then dismiss this")
		end
		if rows[i].progress.cancelled > 0 and rows[i].progress.open > 0 then
			hold("order-part-cancelled", rows[i].path .. ".orderLineStatuses",
				"some of the line was cancelled: enter by hand what is to be shipped, then dismiss this")
		end
	end
	return false
end

local function minor(money_of, currency, path)
	if list.object(money_of, path) == nil then return 0 end
	if money_of.currency ~= currency then
		refuse("currency-mixed", path, "is in " .. tostring(money_of.currency) .. ", the order in " .. tostring(currency))
	end
	return text.amount(money_of.amount, currency, path .. ".amount")
end

-- Sorts the charges of a line: the product's, discounts, shipping, others. Taxes belong to what they are charged for.
local function charges_of(l, currency, into, path)
	local sum = { product = 0, discount = 0, tax = 0 }
	local all = list.objects(at(l, "charges.charge"), path .. ".charges.charge")
	for i = 1, #all do
		local c, where = all[i], path .. ".charges.charge[" .. (i - 1) .. "]"
		if not c.chargeAmount then refuse("field-missing", where .. ".chargeAmount", "is required: an amount") end
		local amount = minor(c.chargeAmount, currency, where .. ".chargeAmount")
		local tax = minor(at(c, "tax.taxAmount"), currency, where .. ".tax.taxAmount")
		if c.chargeType == "PRODUCT" then
			sum.product, sum.tax = sum.product + amount, sum.tax + tax
		elseif c.chargeType == "DISCOUNT" then
			sum.discount, sum.tax = sum.discount + math.abs(amount), sum.tax - math.abs(tax)
		else
			local kind = c.chargeType == "SHIPPING" and "shipping" or "charge"
			local reason = text.free(text.some(c.chargeName) or c.chargeType, 256) or "charge"
			local a = into[kind .. reason] or { kind = kind, reason = reason, amount_minor = 0, tax_minor = 0 }
			a.amount_minor, a.tax_minor = a.amount_minor + amount, a.tax_minor + tax
			if not into[kind .. reason] then into[kind .. reason], into[#into + 1] = a, a end
		end
	end
	return sum
end

local function line(row, currency, adjustments)
	local l, path = row.line, row.path
	local quantity = at(l, "orderLineQuantity.amount")
	if quantity == nil then refuse("field-missing", path .. ".orderLineQuantity.amount", "is required: the ordered quantity") end
	local sum, unit = charges_of(l, currency, adjustments, path), text.some(at(l, "orderLineQuantity.unitOfMeasurement"))
	return {
		line_ref = l.lineNumber, sku = text.some(at(l, "item.sku")), description = text.free(at(l, "item.productName"), 1024),
		quantity = quantity, unit = unit ~= "EACH" and unit or nil,
		unit_price = amounts.unit_price(nil, amounts.decimal(sum.product, currency), sum.product, quantity, currency,
			path .. ".charges"),
		discount_minor = sum.discount, tax_minor = sum.tax, requires_shipping = true,
	}
end

local function ship_to(doc)
	local a = list.object(at(doc, "shippingInfo.postalAddress"), "shippingInfo.postalAddress")
	if not a then return nil end
	local country = places.country(a.country)
	return {
		name = text.free(a.name, 256), line1 = text.free(a.address1, 256), line2 = text.free(a.address2, 256),
		city = text.free(a.city, 128), region = places.region(a.state, country), postal_code = text.some(a.postalCode),
		country = country, phone = text.free(at(doc, "shippingInfo.phone"), 64),
	}
end

local function rows_of(doc)
	local all, rows = list.objects(at(doc, "orderLines.orderLine"), "orderLines.orderLine"), {}
	if #all == 0 then refuse("field-missing", "orderLines.orderLine", "is required: the order's lines") end
	for i = 1, #all do
		local path = "orderLines.orderLine[" .. (i - 1) .. "]"
		rows[i] = { line = all[i], path = path, progress = progress(all[i], path) }
	end
	return rows
end

-- The latest of the lines' statusDates.
local function revision(rows)
	local latest
	for i = 1, #rows do
		local at_ms = rows[i].line.statusDate and amounts.whole(rows[i].line.statusDate, rows[i].path .. ".statusDate")
		if at_ms and (not latest or at_ms > latest) then latest = at_ms end
	end
	return latest and dates.epoch_ms(tostring(latest), "statusDate") or nil
end

local function currency_of(rows)
	for i = 1, #rows do
		local all = list.objects(at(rows[i].line, "charges.charge"), rows[i].path .. ".charges.charge")
		local code = all[1] and text.some(at(all[1], "chargeAmount.currency"))
		if code then return code end
	end
	refuse("field-missing", "orderLines.orderLine[0].charges.charge[0].chargeAmount.currency", "is required: the currency")
end

local function total_of(lines, adjustments, currency)
	local total = 0
	for i = 1, #lines do
		local l = lines[i]
		total = total + gross(l.quantity, l.unit_price, currency) - l.discount_minor + l.tax_minor
	end
	for i = 1, #adjustments do total = total + adjustments[i].amount_minor + adjustments[i].tax_minor end
	return total
end

local function order(doc)
	if list.document(doc).list then ignore("list-empty", "no order in it") end
	if doc.orderRefund then ignore("event-ignored", "a refund, as it is sent to Walmart") end
	doc = list.object(doc.order, "order") or doc
	about(text.some(doc.purchaseOrderId))
	if at(doc, "shipNode.type") == "WFSFulfilled" then ignore("order-channel-ships", "Walmart ships it from its own stock") end
	local rows = rows_of(doc)
	local is_cancel, currency, lines, charged = look(rows), currency_of(rows), {}, {}
	if not is_cancel and doc.orderType == "REPLACEMENT" then
		hold("order-replacement", "orderType",
			"goods in place of an order before: enter by hand what is to be shipped, then dismiss this")
	end
	for i = 1, #rows do
		if rows[i].progress.open > 0 then lines[#lines + 1] = line(rows[i], currency, charged) end
	end
	local adjustments = {}
	for i = 1, #charged do adjustments[i] = charged[i] end
	return {
		source_id = doc.purchaseOrderId, source_number = text.some(doc.purchaseOrderId), revision = revision(rows),
		kind = is_cancel and "cancel" or "new", placed_at = dates.epoch_ms(doc.orderDate, "orderDate"), currency = currency,
		prices_include_tax = false,
		buyer = {
			account = "walmart.com", email = text.some(doc.customerEmailId),
			name = text.free(at(doc, "shippingInfo.postalAddress.name"), 256),
		},
		ship_to = ship_to(doc), lines = lines, adjustments = adjustments,
		stated = { grand_minor = total_of(lines, adjustments, currency) }, payment_status = is_cancel and "voided" or "authorized",
	}
end

local function split(doc)
	if not list.document(doc).list then return { doc } end
	local all = list.of(at(doc, "list.elements.order"), "list.elements.order")
	return #all > 0 and all or { doc }
end

return { split = split, order = order }
