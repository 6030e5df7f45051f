-- eBay: the Order of the Sell Fulfillment API v1, as getOrder answers it or as getOrders lists it
-- (developer.ebay.com/api-docs/sell/fulfillment/resources/order). The party is one seller, so orderId is the order's key.
-- An amount's `value` is after, its `convertedFromValue` before eBay's conversion: `value` is what counts here. An order's
-- delivery and discounts are taken from its pricingSummary; lineItemCost is what all units of a line cost.
local text, field, minor, adjustments = lib("text"), lib("field"), lib("minor"), lib("adjustments")

-- Every amount has its own currency, and they must be one.
local function amount(a, currency, path)
	local value = field.need(a and a.value, path .. ".value", "an amount of " .. currency)
	if a.currency ~= currency then
		refuse("currency-mixed", path .. ".currency", "is " .. tostring(a.currency) .. " in an order in " .. currency)
	end
	return text.amount(value, currency, path .. ".value")
end

local function amount_or_0(a, currency, path)
	return a and amount(a, currency, path) or 0
end

local function split(doc)
	if not doc.orders or #doc.orders == 0 then return { doc } end -- one order, or a page with none: `order` says so
	local units = {}
	for i, o in ipairs(field.list(doc.orders, "orders")) do units[i] = o.node end
	return units
end

-- Documents that are no order for us, or not one that a machine should act on. The three states are independent: an order
-- can be fulfilled, refunded and cancelled at once.
local function look(doc)
	local cancel, paid, sent = at(doc, "cancelStatus.cancelState"), doc.orderPaymentStatus, doc.orderFulfillmentStatus
	if cancel == "CANCELED" then return end
	if cancel == "IN_PROGRESS" then
		hold("cancel-requested", "cancelStatus.cancelState",
			"the buyer wants to cancel: stop what is under way, answer at the channel, then dismiss this")
	end
	if sent == "FULFILLED" then ignore("order-fulfilled", "the channel says that all of it has left") end
	if paid == "FULLY_REFUNDED" or paid == "PARTIALLY_REFUNDED" then
		hold("order-refunded", "orderPaymentStatus",
			"money was given back: look at the order at eBay, enter by hand what is to be shipped, then dismiss this")
	end
	if paid ~= "PAID" then
		ignore("order-unpaid", "orderPaymentStatus " .. tostring(paid) .. ": the paid order comes when it is paid")
	end
	if sent == "IN_PROGRESS" then
		hold("order-fulfilled-in-part", "orderFulfillmentStatus",
			"some of it has left already: enter by hand what is to be shipped, then dismiss this")
	end
end

local function address(a)
	local c = a and a.contactAddress
	if not c then return nil end
	return {
		name = text.free(a.fullName, 256), company = text.free(a.companyName, 256),
		line1 = text.free(c.addressLine1, 256), line2 = text.free(c.addressLine2, 256), city = text.free(c.city, 128),
		region = text.free(c.stateOrProvince, 64), postal_code = text.some(c.postalCode), country = text.some(c.countryCode),
		phone = text.free(at(a, "primaryPhone.phoneNumber"), 64), email = text.some(a.email),
	}
end

-- With fieldGroups=TAX_BREAKDOWN a line's fees stand among its taxes; they are charged by pricingSummary.fee. What eBay
-- collects and remits itself stands in `taxes` too, or only in its own list.
local function tax(l, currency, path)
	local total = 0
	local name = l.taxes and #l.taxes > 0 and "taxes" or "ebayCollectAndRemitTaxes"
	for _, t in ipairs(field.list(l[name], path .. "." .. name)) do
		if not string.find(t.node.taxType or "", "_FEE$") then
			total = total + amount(t.node.amount, currency, t.path .. ".amount")
		end
	end
	return total
end

local function line(l, currency, path, digital, taxed)
	local quantity = field.need(l.quantity, path .. ".quantity", "the ordered quantity")
	local cost = amount(l.lineItemCost, currency, path .. ".lineItemCost")
	local discounted = l.discountedLineItemCost
	return {
		line_ref = l.lineItemId, sku = text.some(l.sku) or text.some(l.legacyVariationId) or text.some(l.legacyItemId),
		description = text.free(l.title, 1024), quantity = quantity,
		unit_price = minor.price(cost, quantity, nil, currency, path .. ".lineItemCost"),
		discount_minor = discounted and cost - amount(discounted, currency, path .. ".discountedLineItemCost") or 0,
		tax_minor = taxed and tax(l, currency, path) or 0, requires_shipping = not digital,
	}
end

-- eBay states discounts as negative amounts.
local function off(a, currency, path)
	return math.abs(amount_or_0(a, currency, path))
end

-- pricingSummary beside the lines. A discount or tax that no line has a share of is the order's own.
local function beside(sum, currency, line_discounts, line_taxes)
	local list, p = {}, "pricingSummary."
	local all = off(sum.priceDiscount or sum.priceDiscountSubtotal, currency, p .. "priceDiscount")
	local taxes = amount_or_0(sum.tax, currency, p .. "tax")
	local adjusted = amount_or_0(sum.adjustment, currency, p .. "adjustment")
	adjustments.add(list, "shipping", "delivery", amount_or_0(sum.deliveryCost, currency, p .. "deliveryCost") -
		off(sum.deliveryDiscount, currency, p .. "deliveryDiscount"))
	if all > line_discounts then adjustments.add(list, "discount", "discounts of the order", line_discounts - all) end
	adjustments.add(list, "charge", "fees", amount_or_0(sum.fee, currency, p .. "fee"))
	adjustments.add(list, adjusted < 0 and "discount" or "charge", "adjustment by the seller", adjusted)
	if taxes > line_taxes then adjustments.add(list, "tax", "taxes of the order", 0, taxes - line_taxes) end
	return list, all
end

local function order(doc)
	if doc.orders then ignore("list-empty", "a page of getOrders without an order") end
	local id = field.need(doc.orderId, "orderId", "the order's id")
	about(id)
	look(doc)
	local sum = field.need(doc.pricingSummary, "pricingSummary", "the order's amounts")
	local currency = field.need(at(sum, "total.currency"), "pricingSummary.total.currency", "the order's currency")
	-- Only when it stands here is tax in the total; without it, what eBay collected is none of ours.
	local stated_tax = amount_or_0(sum.tax, currency, "pricingSummary.tax")
	local to = at(doc, "fulfillmentStartInstructions.1")
	local digital = to ~= nil and to.fulfillmentInstructionsType == "DIGITAL"
	local ship_to, lines, line_discounts, line_taxes = address(at(to, "shippingStep.shipTo")), {}, 0, 0
	for i, l in ipairs(field.list(field.need(doc.lineItems, "lineItems", "the order's lines"), "lineItems")) do
		lines[i] = line(l.node, currency, l.path, digital, stated_tax ~= 0)
		line_discounts, line_taxes = line_discounts + lines[i].discount_minor, line_taxes + lines[i].tax_minor
	end
	local list, discounts = beside(sum, currency, line_discounts, line_taxes)
	local username = text.some(at(doc, "buyer.username"))
	local home = at(doc, "buyer.buyerRegistrationAddress")
	return {
		source_id = id, source_number = id, revision = text.some(doc.lastModifiedDate),
		kind = at(doc, "cancelStatus.cancelState") == "CANCELED" and "cancel" or "new",
		placed_at = field.need(doc.creationDate, "creationDate", "when it was placed"), currency = currency,
		prices_include_tax = false,
		buyer = {
			account = username and not string.find(username, "%*") and username or nil, -- eBay may mask it
			email = text.some(home and home.email) or (ship_to and ship_to.email),
			name = text.free(home and home.fullName, 256) or (ship_to and ship_to.name), phone = ship_to and ship_to.phone,
		},
		bill_to = address(home), ship_to = ship_to, lines = lines, adjustments = list,
		stated = {
			lines_minor = amount_or_0(sum.priceSubtotal, currency, "pricingSummary.priceSubtotal"), discount_minor = discounts,
			shipping_minor = amount_or_0(sum.deliveryCost, currency, "pricingSummary.deliveryCost"), tax_minor = stated_tax,
			grand_minor = amount(sum.total, currency, "pricingSummary.total"),
		},
		payment_status = doc.orderPaymentStatus == "PAID" and "paid" or
			(doc.orderPaymentStatus == "FULLY_REFUNDED" and "refunded" or "unknown"),
		note = text.free(doc.buyerCheckoutNotes, 4096),
	}
end

return { split = split, order = order }
