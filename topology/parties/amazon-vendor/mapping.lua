-- Amazon Vendor (developer-docs.amazon.com/sp-api, vendor orders v1): getPurchaseOrders and getPurchaseOrder.
-- Amazon buys for itself: no taxes, no discounts, no shipping and no stated total, so the total is what the lines give.
-- netCost is per each, also where cases are ordered: 2 cases of 10 at 3.20 are 20 at 3.20.
-- An order's key is vendor code/purchase order number. Taken back is an order whose quantities are all 0.
local text, amounts, list, places = lib("text"), lib("amounts"), lib("list"), lib("places")

local function address(party, path)
	if not list.object(party, path) then return nil end
	local a = list.object(party.address, path .. ".address")
	if not a then return { company = text.free(party.partyId, 256) } end -- a location code alone
	local country = places.country(a.countryCode)
	return {
		name = text.free(a.name, 256), company = text.free(party.partyId, 256), line1 = text.free(a.addressLine1, 256),
		line2 = text.free(text.join(a.addressLine2, a.addressLine3), 256), city = text.free(a.city, 128),
		region = places.region(a.stateOrRegion, country), postal_code = text.some(a.postalCode), country = country,
		phone = text.free(a.phone, 64),
	}
end

-- How many, in what unit; nil is the item's own.
local function quantity(item, path)
	local q = list.object(item.orderedQuantity, path .. ".orderedQuantity")
	if not q then refuse("field-missing", path .. ".orderedQuantity", "is required: the ordered quantity") end
	local amount = amounts.whole(q.amount, path .. ".orderedQuantity.amount")
	if q.unitOfMeasure == "Cases" then
		return amount * amounts.whole(q.unitSize, path .. ".orderedQuantity.unitSize"), nil
	end
	return amount, q.unitOfMeasure ~= "Eaches" and text.some(q.unitOfMeasure) or nil
end

-- The line and its amount; nil when it was taken back.
local function line(item, currency, path)
	local n, unit = quantity(item, path)
	if n == 0 then return nil, 0 end
	local cost = list.object(item.netCost, path .. ".netCost")
	if not cost then refuse("field-missing", path .. ".netCost", "is required: what Amazon pays for one") end
	if cost.currencyCode ~= currency then
		refuse("currency-mixed", path .. ".netCost", "is in " .. tostring(cost.currencyCode) .. ", the line before in " .. currency)
	end
	if text.some(cost.unitOfMeasure) then
		hold("price-by-weight", path .. ".netCost.unitOfMeasure",
			"the price is per " .. cost.unitOfMeasure .. " and the quantity is not: enter it by hand, then dismiss this")
	end
	local total = type(cost.amount) == "string" and gross(tostring(n), cost.amount, currency)
	if not total then refuse("field-type", path .. ".netCost.amount", "is no price, or too much with this quantity") end
	return {
		line_ref = item.itemSequenceNumber, sku = text.some(item.vendorProductIdentifier) or text.some(item.amazonProductIdentifier),
		gtin = text.gtin(item.vendorProductIdentifier), quantity = tostring(n), unit = unit, unit_price = cost.amount,
		requires_shipping = true,
	}, total
end

local function lines_of(items, currency)
	local lines, grand = {}, 0
	for i = 1, #items do
		local l, total = line(items[i], currency, "items[" .. (i - 1) .. "]")
		lines[#lines + 1] = l
		grand = grand + total
	end
	return lines, grand
end

local function currency_of(items)
	for i = 1, #items do
		local code = text.some(at(items[i], "netCost.currencyCode")) or text.some(at(items[i], "listPrice.currencyCode"))
		if code then return code end
	end
	refuse("field-missing", "items[0].netCost.currencyCode", "is required: the currency")
end

local function note(o, details)
	local window = text.some(o.deliveryWindow) or text.some(details.deliveryWindow)
	local ship = text.some(o.shipWindow) or text.some(details.shipWindow)
	return text.free(text.join(window and "deliver " .. window, text.join(ship and "ship " .. ship,
		at(details, "importDetails.shippingInstructions"))), 4096)
end

local function order(doc)
	local o = list.object(list.document(doc).payload, "payload") or doc
	if o.orders then ignore("list-empty", "no order in it") end
	about(text.some(o.purchaseOrderNumber))
	local details, number = list.object(o.orderDetails, "orderDetails"), text.some(o.purchaseOrderNumber)
	if not number then refuse("field-missing", "purchaseOrderNumber", "is required: the order's number") end
	if not details then refuse("field-missing", "orderDetails", "is required: what was ordered") end
	local vendor = text.some(at(details, "sellingParty.partyId"))
	if not vendor then refuse("field-missing", "orderDetails.sellingParty.partyId", "is required: our vendor code") end
	if o.purchaseOrderState == "Closed" then ignore("order-closed", "Amazon wants no more of it") end
	if details.purchaseOrderType == "ConsignedOrder" then
		hold("order-consigned", "orderDetails.purchaseOrderType",
			"the goods stay ours and are not invoiced: enter it by hand, then dismiss this")
	end
	local items = list.objects(details.items or o.items, "items") -- the examples have them in either place
	if #items == 0 then refuse("field-missing", "orderDetails.items", "is required: the order's lines") end
	local currency = currency_of(items)
	local lines, grand = lines_of(items, currency)
	return {
		source_id = vendor .. "/" .. number, source_number = number,
		revision = text.some(details.purchaseOrderChangedDate) or text.some(details.purchaseOrderStateChangedDate),
		kind = #lines == 0 and "cancel" or "new", placed_at = details.purchaseOrderDate, currency = currency,
		prices_include_tax = false,
		buyer = {
			account = text.some(at(details, "buyingParty.partyId")), company = text.free(at(details, "buyingParty.address.name"), 256),
		},
		bill_to = address(details.billToParty, "orderDetails.billToParty"),
		ship_to = address(details.shipToParty, "orderDetails.shipToParty"), lines = lines, adjustments = {},
		stated = { lines_minor = grand, grand_minor = grand }, payment_status = "pending", note = note(o, details),
	}
end

local function split(doc)
	local all = list.of((list.object(list.document(doc).payload, "payload") or doc).orders, "orders")
	return #all > 0 and all or { doc }
end

return { split = split, order = order }
