-- Amazon Selling Partner API (developer-docs.amazon.com/sp-api). Taken are
--   orders v0: an order of getOrder or getOrders with the list of getOrderItems in it, as OrderItems;
--   orders 2026-01-01: getOrder and searchOrders, which have the items inside;
--   the notification ORDER_CHANGE: a cancellation, or a buyer's wish for one. Whatever else it says must be fetched.
-- Buyers are anonymous: the customer account is the marketplace's id. An order's key is marketplace/order id.
local text, amounts, list, places = lib("text"), lib("amounts"), lib("list"), lib("places")

local currencies = {
	ATVPDKIKX0DER = "USD", A2EUQ1WTGCTBG2 = "CAD", A1AM78C64UM0Y8 = "MXN", A2Q3Y263D00KWC = "BRL", A1F83G8C2ARO7P = "GBP",
	A1PA6795UKMFR9 = "EUR", A13V1IB3VIYZZH = "EUR", APJ6JRA9NG5V4 = "EUR", A1RKKUPIHCS9HS = "EUR", A1805IZSGTT6HS = "EUR",
	A28R8C7NBKEWEA = "EUR", AMEN7PMS3EDWL = "EUR", A2NODRKZP88ZB9 = "SEK", A1C3SOZRARQ6R3 = "PLN", A1VC38T7YXB528 = "JPY",
	A39IBJ37TRP1C6 = "AUD", A21TJRUUN4KGV = "INR",
}
-- v0: prices are without tax there, with it elsewhere.
local taxes_on_top = { ATVPDKIKX0DER = true, A2EUQ1WTGCTBG2 = true }

-- v0 writes Unshipped, 2026-01-01 UNSHIPPED, PARTIALLY_SHIPPED: compared without case and _.
local ignored = {
	pending = "order-unpaid", pendingavailability = "order-unpaid", shipped = "order-fulfilled",
	invoiceunconfirmed = "order-fulfilled", partiallyshipped = "order-part-shipped", unfulfillable = "order-channel-ships",
}

local function state_of(status)
	return (string.gsub(string.lower(text.some(status) or ""), "_", ""))
end

-- by_amazon comes first: what Amazon ships concerns no warehouse of ours, whatever its state.
local function look(status, by_amazon, path)
	local state = state_of(status)
	if by_amazon then ignore("order-channel-ships", "Amazon ships it from its own stock") end
	if ignored[state] then ignore(ignored[state], "status " .. status) end
	if state ~= "unshipped" and state ~= "canceled" and state ~= "cancelled" then
		hold("status-unknown", path, "a status that is not known: teach the mapping what it means, then release this")
	end
	return state ~= "unshipped"
end

local function cancel_requested(path, reason)
	hold("cancel-requested", path, "the buyer asks to cancel it (" .. (text.some(reason) or "no reason given") ..
		"): stop it and cancel at Amazon, or ship it, then dismiss this")
end

local function key(marketplace, id, path)
	id, marketplace = text.some(id), text.some(marketplace)
	if not id then refuse("field-missing", path, "is required: the order's id") end
	if not marketplace then refuse("field-missing", path, "needs the marketplace's id beside it") end
	return marketplace .. "/" .. id
end

-- Minor units of { CurrencyCode, Amount }, 0 when there is none. Each amount names its currency.
local function minor(money_of, currency, path)
	if list.object(money_of, path) == nil then return 0 end
	local code = money_of.CurrencyCode or money_of.currencyCode
	if code ~= currency then
		refuse("currency-mixed", path, "is in " .. tostring(code) .. ", the order in " .. tostring(currency))
	end
	return text.amount(money_of.Amount or money_of.amount, currency, path)
end

local function adjust(into, kind, reason, amount, tax)
	if amount ~= 0 or tax ~= 0 then
		into[#into + 1] = { kind = kind, reason = reason, amount_minor = amount, tax_minor = tax }
	end
end

-- Orders v0 ---------------------------------------------------------------------------------------------------------

local function address_v0(a, path)
	if not list.object(a, path) then return nil end
	local country = places.country(a.CountryCode)
	return {
		name = text.free(a.Name, 256), company = text.free(a.CompanyName, 256), line1 = text.free(a.AddressLine1, 256),
		line2 = text.free(text.join(a.AddressLine2, a.AddressLine3), 256), city = text.free(a.City, 128),
		region = places.region(a.StateOrRegion, country), postal_code = text.some(a.PostalCode), country = country,
		phone = text.free(a.Phone, 64),
	}
end

-- ItemPrice is for the whole quantity. Adds what is beside the item to `beside`.
local function line_v0(item, currency, beside, path)
	local function m(field) return minor(at(item, field), currency, path .. "." .. field) end
	if list.is_yes(at(item, "BuyerRequestedCancel.IsBuyerRequestedCancel")) then
		cancel_requested(path .. ".BuyerRequestedCancel", at(item, "BuyerRequestedCancel.BuyerCancelReason"))
	end
	if not list.object(item.ItemPrice, path .. ".ItemPrice") then
		refuse("field-missing", path .. ".ItemPrice", "is required: what the item costs")
	end
	local total = m("ItemPrice")
	beside.shipping = beside.shipping + m("ShippingPrice") - m("ShippingDiscount")
	beside.shipping_tax = beside.shipping_tax + m("ShippingTax") - m("ShippingDiscountTax")
	beside.wrap = beside.wrap + m("BuyerInfo.GiftWrapPrice")
	beside.wrap_tax = beside.wrap_tax + m("BuyerInfo.GiftWrapTax")
	beside.fee = beside.fee + m("CODFee") - m("CODFeeDiscount")
	return {
		line_ref = item.OrderItemId, sku = text.some(item.SellerSKU) or text.some(item.ASIN),
		description = text.free(item.Title, 1024), quantity = item.QuantityOrdered,
		unit_price = amounts.unit_price(nil, item.ItemPrice.Amount, total, item.QuantityOrdered, currency, path .. ".ItemPrice"),
		discount_minor = m("PromotionDiscount"), tax_minor = m("ItemTax") - m("PromotionDiscountTax"), requires_shipping = true,
	}
end

local function lines_v0(o, currency, adjustments)
	local beside = { shipping = 0, shipping_tax = 0, wrap = 0, wrap_tax = 0, fee = 0 }
	local items, lines = list.objects(o.OrderItems, "OrderItems"), {}
	if #items == 0 then
		refuse("order-incomplete", "OrderItems", "are not there: send the order with the answer of getOrderItems in it")
	end
	for i = 1, #items do
		local path = "OrderItems[" .. (i - 1) .. "]"
		if amounts.whole(items[i].QuantityOrdered, path .. ".QuantityOrdered") ~= 0 then -- 0: that item was cancelled
			lines[#lines + 1] = line_v0(items[i], currency, beside, path)
		end
	end
	adjust(adjustments, "shipping", text.free(o.ShipServiceLevel, 256), beside.shipping, beside.shipping_tax)
	adjust(adjustments, "charge", "gift wrapping", beside.wrap, beside.wrap_tax)
	adjust(adjustments, "charge", "cash on delivery", beside.fee, 0)
	return lines
end

local function order_v0(o)
	about(text.some(o.AmazonOrderId))
	if o.AmazonOrderId ~= nil and o.OrderStatus == nil then
		refuse("order-incomplete", "OrderStatus", "is not there: these are the items alone, send the order with them in it")
	end
	local source_id = key(o.MarketplaceId, o.AmazonOrderId, "AmazonOrderId")
	local is_cancel = look(o.OrderStatus, o.FulfillmentChannel == "AFN", "OrderStatus")
	if list.is_yes(o.IsISPU) then ignore("order-pickup", "the buyer collects it in a store") end
	local currency = text.some(at(o, "OrderTotal.CurrencyCode")) or currencies[text.some(o.MarketplaceId)]
	local result, adjustments = {
		source_id = source_id, source_number = text.some(o.AmazonOrderId), revision = text.some(o.LastUpdateDate),
		kind = is_cancel and "cancel" or "new", placed_at = o.PurchaseDate, currency = currency,
		payment_status = is_cancel and "voided" or "authorized",
	}, {}
	if is_cancel then return result end
	if list.is_yes(o.IsReplacementOrder) then
		hold("order-replacement", "IsReplacementOrder",
			"goods without money, in place of an order before: enter by hand what is to be shipped, then dismiss this")
	end
	result.lines = lines_v0(o, currency, adjustments)
	result.adjustments, result.prices_include_tax = adjustments, not taxes_on_top[text.some(o.MarketplaceId)]
	result.ship_to = address_v0(o.ShippingAddress, "ShippingAddress")
	result.buyer = {
		account = o.MarketplaceId, email = text.some(at(o, "BuyerInfo.BuyerEmail")),
		name = text.free(at(o, "BuyerInfo.BuyerName"), 256), company = text.free(at(o, "ShippingAddress.CompanyName"), 256),
	}
	if not o.OrderTotal then refuse("field-missing", "OrderTotal", "is required: what the buyer pays") end
	result.stated = { grand_minor = minor(o.OrderTotal, currency, "OrderTotal") }
	return result
end

-- Orders 2026-01-01 -------------------------------------------------------------------------------------------------
-- Money is broken down by type, per item and for the order: ITEM, SHIPPING, GIFT_WRAP, COD_FEE, OTHER, TAX, DISCOUNT; of TAX
-- and DISCOUNT each may say what it is for. Taxes are always on top. A type that no item has (DELIVERY_TIP) is the order's.

local reasons = { SHIPPING = "shipping", GIFT_WRAP = "gift wrapping", COD_FEE = "cash on delivery" }

local function address_2026(a, path)
	if not list.object(a, path) then return nil end
	local country = places.country(a.countryCode)
	return {
		name = text.free(a.name, 256), company = text.free(a.companyName, 256), line1 = text.free(a.addressLine1, 256),
		line2 = text.free(text.join(a.addressLine2, a.addressLine3), 256), city = text.free(a.city, 128),
		region = places.region(a.stateOrRegion, country), postal_code = text.some(a.postalCode), country = country,
		phone = text.free(a.phone, 64),
	}
end

-- How much of a TAX or DISCOUNT is for `subtype`; without its sign.
local function part_for(breakdown, subtype, currency, path)
	local total, parts = 0, list.objects(breakdown.detailedBreakdowns, path .. ".detailedBreakdowns")
	for i = 1, #parts do
		if parts[i].subtype == subtype then total = total + minor(parts[i].value, currency, path .. ".detailedBreakdowns") end
	end
	return math.abs(total)
end

local function line_2026(item, currency, sums, path)
	local off, tax, seen = 0, 0, list.objects(at(item, "proceeds.breakdowns"), path .. ".proceeds.breakdowns")
	if at(item, "cancellation.cancellationExecution") then
		hold("order-part-cancelled", path .. ".cancellation",
			"this item was cancelled: enter by hand what is to be shipped, then dismiss this")
	end
	if at(item, "cancellation.cancellationRequest") then
		cancel_requested(path .. ".cancellation", at(item, "cancellation.cancellationRequest.cancelReason"))
	end
	for i = 1, #seen do
		local b, where = seen[i], path .. ".proceeds.breakdowns[" .. (i - 1) .. "]"
		local kind, amount = text.some(b.type) or "OTHER", minor(b.subtotal, currency, where .. ".subtotal")
		sums[kind] = (sums[kind] or 0) + amount
		if kind == "TAX" then
			local shipping, wrap = part_for(b, "SHIPPING", currency, where), part_for(b, "GIFT_WRAP", currency, where)
			sums.tax_SHIPPING = (sums.tax_SHIPPING or 0) + shipping
			sums.tax_GIFT_WRAP = (sums.tax_GIFT_WRAP or 0) + wrap
			tax = tax + amount - shipping - wrap
		elseif kind == "DISCOUNT" then
			local shipping = part_for(b, "SHIPPING", currency, where)
			sums.off_SHIPPING = (sums.off_SHIPPING or 0) + shipping
			off = off + math.abs(amount) - shipping
		end
	end
	return {
		line_ref = item.orderItemId, sku = text.some(at(item, "product.sellerSku")) or text.some(at(item, "product.asin")),
		description = text.free(at(item, "product.title"), 1024), quantity = item.quantityOrdered,
		unit_price = at(item, "product.price.unitPrice.amount"), discount_minor = off, tax_minor = tax, requires_shipping = true,
	}
end

local function lines_2026(o, currency, adjustments)
	local items, lines, sums = list.objects(o.orderItems, "orderItems"), {}, {}
	for i = 1, #items do
		local path = "orderItems[" .. (i - 1) .. "]"
		if amounts.whole(items[i].quantityOrdered, path .. ".quantityOrdered") ~= 0 then
			lines[#lines + 1] = line_2026(items[i], currency, sums, path)
		end
	end
	local whole = list.objects(at(o, "proceeds.breakdowns"), "proceeds.breakdowns")
	for i = 1, #whole do
		local kind, path = text.some(whole[i].type) or "OTHER", "proceeds.breakdowns[" .. (i - 1) .. "].subtotal"
		local amount = minor(whole[i].subtotal, currency, path)
		if kind ~= "ITEM" and kind ~= "TAX" and kind ~= "DISCOUNT" then
			adjust(adjustments, kind == "SHIPPING" and "shipping" or "charge", reasons[kind] or text.free(kind, 256),
				amount - (sums["off_" .. kind] or 0), sums["tax_" .. kind] or 0)
		end
	end
	return lines
end

local function order_2026(o)
	local marketplace = text.some(at(o, "salesChannel.marketplaceId"))
	about(text.some(o.orderId))
	local source_id = key(marketplace, o.orderId, "orderId")
	local is_cancel = look(at(o, "fulfillment.fulfillmentStatus"), at(o, "fulfillment.fulfilledBy") == "AMAZON",
		"fulfillment.fulfillmentStatus")
	local currency = text.some(at(o, "proceeds.grandTotal.currencyCode")) or currencies[marketplace]
	local result, adjustments = {
		source_id = source_id, source_number = text.some(o.orderId), revision = text.some(o.lastUpdatedTime),
		kind = is_cancel and "cancel" or "new", placed_at = o.createdTime, currency = currency,
		payment_status = is_cancel and "voided" or "authorized",
	}, {}
	if is_cancel then return result end
	result.lines = lines_2026(o, currency, adjustments)
	result.adjustments, result.prices_include_tax = adjustments, false
	result.ship_to = address_2026(at(o, "recipient.deliveryAddress"), "recipient.deliveryAddress")
	result.buyer = {
		account = marketplace, email = text.some(at(o, "buyer.buyerEmail")), name = text.free(at(o, "buyer.buyerName"), 256),
		company = text.free(at(o, "buyer.buyerCompanyName"), 256),
	}
	if not at(o, "proceeds.grandTotal") then
		refuse("order-incomplete", "proceeds.grandTotal", "is not there: fetch the order with includedData PROCEEDS")
	end
	result.stated = { grand_minor = minor(o.proceeds.grandTotal, currency, "proceeds.grandTotal") }
	return result
end

-- Notifications -----------------------------------------------------------------------------------------------------

local function order_change(n)
	local where = "Payload.OrderChangeNotification"
	local s = list.object(n.Summary, where .. ".Summary")
	about(text.some(n.AmazonOrderId))
	if not s then refuse("field-missing", where .. ".Summary", "is required: what the order is like now") end
	local source_id = key(s.MarketplaceId, n.AmazonOrderId, where .. ".AmazonOrderId")
	local is_cancel = look(s.OrderStatus, s.FulfillmentType == "AFN", where .. ".Summary.OrderStatus")
	if is_cancel then
		return {
			source_id = source_id, source_number = n.AmazonOrderId,
			revision = text.some(at(n, "OrderChangeTrigger.TimeOfOrderChange")), kind = "cancel", placed_at = s.PurchaseDate,
			currency = currencies[s.MarketplaceId], payment_status = "voided",
		}
	end
	if n.OrderChangeType == "BuyerRequestedChange" then
		cancel_requested(where .. ".OrderChangeType", at(n, "OrderChangeTrigger.ChangeReason"))
	end
	refuse("order-incomplete", where, "says only that there is an order: fetch it with its items, and send that")
end

local function order(doc)
	if text.some(list.document(doc).NotificationType) then
		local n = list.object(at(doc, "Payload.OrderChangeNotification"), "Payload.OrderChangeNotification")
		if doc.NotificationType ~= "ORDER_CHANGE" or not n then ignore("event-ignored", "only ORDER_CHANGE concerns us") end
		return order_change(n)
	end
	local o = list.object(doc.payload or doc.order, "payload") or doc
	if o.Orders or o.orders then ignore("list-empty", "no order in it") end
	if o.orderId ~= nil then return order_2026(o) end
	return order_v0(o)
end

local function split(doc)
	local body = list.object(list.document(doc).payload, "payload") or doc
	local all = list.of(body.Orders or body.orders, "Orders")
	return #all > 0 and all or { doc }
end

return { split = split, order = order }
