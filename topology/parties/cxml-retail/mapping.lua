-- cXML 1.2: the OrderRequest (cxml.org, cXML User's Guide, "Purchase orders"). An update repeats the whole order with the next
-- orderVersion. An order's key is its sender's identity (Header/From) and its orderID; both are the same in all versions.
-- Nothing is read of Header/Sender, where the shared secret stands, nor of Payment.
--
-- Whether Total holds shipping and tax is told in both ways, and both are found: when Total fits lines, allowances and charges
-- with or without either of them, the order's grand total is Total and what is not in it. When nothing fits, it is Total, and
-- the order is held as total-mismatch.
local xml, text, field, amounts, adjustments = lib("xml"), lib("text"), lib("field"), lib("amounts"), lib("adjustments")
local places, dates, units, addresses, key = lib("places"), lib("dates"), lib("units"), lib("addresses"), lib("key")

local HEADER = "OrderRequest.OrderRequestHeader"

-- The amount in Total, Tax, Shipping, UnitPrice, … as text; each has its own currency, and they must be one.
local function decimal(parent, currency, path)
	local money_node, where = xml.at(parent, "Money"), path .. ".Money"
	local value = amounts.number(xml.text(money_node), where, "an amount")
	local said = field.need(xml.attribute(money_node, "currency"), where .. ".@currency", "ISO 4217")
	if said ~= currency then
		refuse("currency-mixed", where .. ".@currency", "is " .. said .. " in an order in " .. currency)
	end
	return value
end

local function amount(parent, currency, path)
	return parent and amounts.rounded(decimal(parent, currency, path), currency, path .. ".Money") or nil
end

-- Addresses --------------------------------------------------------------------------------------------------------------

local function phone(node)
	local n = xml.at(node, "TelephoneNumber")
	local country = xml.text(xml.at(n, "CountryCode"))
	return text.free(text.join(country and "+" .. country,
		text.join(xml.text(xml.at(n, "AreaOrCityCode")), xml.text(xml.at(n, "Number")))), 64)
end

-- DeliverTo: first a person, then what helps to find them. State may have an ISO 3166-2 code beside its name.
local function address(node)
	local a = xml.at(node, "Address")
	if type(a) ~= "userdata" then return nil end
	local p = xml.at(a, "PostalAddress")
	local streets, to = xml.below(p, "Street"), xml.below(p, "DeliverTo")
	local country = places.country(xml.attribute(xml.at(p, "Country"), "isoCountryCode") or xml.attribute(a, "isoCountryCode"))
	local state, more = xml.at(p, "State"), {}
	for i = 2, #to do more[#more + 1] = xml.text(to[i]) end
	for i = 2, #streets do more[#more + 1] = xml.text(streets[i]) end
	local iso = string.match(xml.attribute(state, "isoStateCode") or "", "^%a%a%-(%w+)$")
	local is_gln = string.upper(xml.attribute(a, "addressIDDomain") or "") == "GLN"
	return {
		name = text.free(xml.text(to[1]), 256), company = text.free(xml.text(xml.at(a, "Name")), 256),
		line1 = text.free(xml.text(streets[1]), 256), line2 = text.free(table.concat(more, ", "), 256),
		city = text.free(xml.text(xml.at(p, "City")), 128), region = places.region(iso or xml.text(state), country),
		postal_code = xml.text(xml.at(p, "PostalCode")), country = country, phone = phone(xml.at(a, "Phone")),
		email = xml.text(xml.at(a, "Email")), gln = is_gln and addresses.gln(xml.attribute(a, "addressID")) or nil,
	}
end

-- The header's, or each line's own.
local function ship_to(header, items)
	local whole, all = address(xml.at(header, "ShipTo")), {}
	for i, item in ipairs(items) do
		all[i] = { node = address(xml.at(item.node, "ShipTo")) or whole, path = item.path .. ".ShipTo" }
	end
	return addresses.one(all)
end

local function buyer(header, account)
	local bill_to, contact = xml.at(header, "BillTo.Address"), xml.at(header, "Contact")
	return {
		account = account, company = text.free(xml.text(xml.at(bill_to, "Name")), 256),
		name = text.free(xml.text(xml.at(contact, "Name")), 256),
		email = xml.text(xml.at(contact, "Email")) or xml.text(xml.at(bill_to, "Email")),
		phone = phone(xml.at(contact, "Phone")) or phone(xml.at(bill_to, "Phone")),
	}
end

-- Lines ------------------------------------------------------------------------------------------------------------------

-- UnitPrice is for PriceBasisQuantity/@quantity of its own unit, of which @conversionFactor make one ordered unit.
local function unit_price(detail, unit, quantity, currency, path)
	local price = decimal(field.need(xml.at(detail, "UnitPrice"), path .. ".UnitPrice", "the price"), currency, path .. ".UnitPrice")
	local basis = xml.at(detail, "PriceBasisQuantity")
	if not basis then return price end
	local where = path .. ".PriceBasisQuantity"
	local factor, its_unit = xml.attribute(basis, "conversionFactor"), units.code(xml.text(xml.at(basis, "UnitOfMeasure")))
	if its_unit and its_unit ~= unit and not factor then
		hold("price-unit", where, "the price is per " .. its_unit .. ", ordered is in " .. tostring(unit) ..
			", and no conversionFactor says how they go together: enter it by hand, then dismiss this")
	end
	local times = amounts.times(price, factor or "1")
	if not times then refuse("field-type", where .. ".@conversionFactor", "or the price: no decimals, or too many digits") end
	return amounts.price_of_one(times, xml.attribute(basis, "quantity") or "1", quantity, currency, where)
end

-- lineNumber is the line's position, counted from 1, and may be left out.
local function line(item, position, currency, path)
	if xml.at(item, "BlanketItemDetail") then
		hold("order-blanket", path, "a frame agreement: nothing is to be shipped before its releases. File it, then dismiss this")
	end
	local quantity = amounts.number(xml.attribute(item, "quantity"), path .. ".@quantity", "the ordered quantity")
	local detail = field.need(xml.at(item, "ItemDetail"), path .. ".ItemDetail", "price, unit and description")
	local unit = units.code(xml.text(xml.at(detail, "UnitOfMeasure")))
	local is_service = xml.attribute(item, "itemClassification") == "service" or xml.attribute(item, "requiresServiceEntry") == "yes"
	return {
		line_ref = xml.attribute(item, "lineNumber") or tostring(position), quantity = quantity, unit = unit,
		sku = xml.text(xml.at(item, "ItemID.SupplierPartID")) or xml.text(xml.at(item, "ItemID.BuyerPartID")),
		gtin = text.gtin(xml.text(xml.at(detail, "ItemDetailIndustry.ItemDetailRetail.EANID"))),
		description = text.free(xml.text(xml.at(detail, "Description")), 1024),
		unit_price = unit_price(detail, unit, quantity, currency, path .. ".ItemDetail"),
		tax_minor = amount(xml.at(item, "Tax"), currency, path .. ".Tax") or 0, requires_shipping = not is_service,
	}
end

-- Totals -----------------------------------------------------------------------------------------------------------------

-- What the header states includes the lines' own.
local function rest_of(header, lines, path)
	if not header then return 0 end
	if header < lines then
		hold("sums-differ", path, "is less than the sum of the lines' own: ask the buyer which holds, then dismiss this")
	end
	return header - lines
end

local function percent_of(percent, base, currency, path)
	local share = divide(percent, "100")
	local minor = share and gross(share, amounts.decimal(base, currency), currency)
	if not minor then refuse("field-type", path .. ".@percent", "is no percentage") end
	return minor
end

-- Allowances and charges of the whole order, into `list`; what they are together.
local function modifications(total, lines_minor, currency, list)
	local sum, path = 0, HEADER .. ".Total.Modifications"
	for _, m in ipairs(xml.each(xml.at(total, "Modifications"), "Modification", path)) do
		local base = amount(xml.at(m.node, "OriginalPrice"), currency, m.path .. ".OriginalPrice") or lines_minor
		local off, on = xml.at(m.node, "AdditionalDeduction"), xml.at(m.node, "AdditionalCost")
		local percent = xml.at(off, "DeductionPercent") or xml.at(on, "Percentage")
		local minor
		if percent then
			minor = percent_of(xml.attribute(percent, "percent") or "", base, currency, m.path)
		elseif on then
			minor = amount(on, currency, m.path .. ".AdditionalCost")
		else
			local where = m.path .. ".AdditionalDeduction.DeductionAmount"
			minor = amount(field.need(xml.at(off, "DeductionAmount"), where, "an amount or a percentage"), currency, where)
		end
		local detail = xml.at(m.node, "ModificationDetail")
		local reason = xml.text(xml.at(detail, "Description")) or xml.attribute(detail, "name")
		minor = on and minor or -minor
		adjustments.add(list, on and "charge" or "discount", text.free(reason, 256), minor)
		sum = sum + minor
	end
	return sum
end

-- What the buyer pays, out of Total: see above.
local function grand(total, goods, shipping, tax)
	for _, outside in ipairs({ 0, shipping + tax, shipping, tax }) do
		if math.abs(total - (goods + shipping + tax - outside)) <= 1 then return total + outside end
	end
	return total
end

local function amounts_into(result, header, items, currency)
	local list, lines_minor, line_tax, line_shipping = {}, 0, 0, 0
	for i, item in ipairs(items) do
		local l = result.lines[i]
		lines_minor, line_tax = lines_minor + (gross(l.quantity, l.unit_price, currency) or 0), line_tax + l.tax_minor
		line_shipping = line_shipping + (amount(xml.at(item.node, "Shipping"), currency, item.path .. ".Shipping") or 0)
	end
	local total_node = field.need(xml.at(header, "Total"), HEADER .. ".Total", "the order's total")
	local goods = lines_minor + modifications(total_node, lines_minor, currency, list)
	local tax, ship = xml.at(header, "Tax"), xml.at(header, "Shipping")
	local tax_rest = rest_of(amount(tax, currency, HEADER .. ".Tax"), line_tax, HEADER .. ".Tax")
	local shipping = line_shipping + rest_of(amount(ship, currency, HEADER .. ".Shipping"), line_shipping, HEADER .. ".Shipping")
	adjustments.add(list, "shipping", text.free(xml.text(xml.at(ship, "Description")), 256), shipping)
	adjustments.add(list, "tax", text.free(xml.text(xml.at(tax, "Description")), 256) or "taxes of the order", 0, tax_rest)
	result.adjustments = list
	result.stated = {
		shipping_minor = shipping, tax_minor = line_tax + tax_rest,
		grand_minor = grand(amount(total_node, currency, HEADER .. ".Total"), goods, shipping, line_tax + tax_rest),
	}
end

-- The document -----------------------------------------------------------------------------------------------------------

local function request_of(doc)
	local d = doc.document
	if doc.name ~= "cXML" then refuse("document-unknown", "name", tostring(doc.name) .. " is no cXML document") end
	local request = xml.at(d, "Request")
	if not request and not xml.at(d, "Response") and not xml.at(d, "Message") then
		refuse("field-missing", "Request", "is required, or a Response or Message")
	end
	if not xml.at(request, "OrderRequest") then
		local status = xml.attribute(xml.at(d, "Response.Status"), "code")
		ignore("document-ignored", status and "a response, status " .. status or "no OrderRequest")
	end
	return request
end

-- Of the sender's own names the first; a marketplace adds its own.
local function identity(doc)
	for _, c in ipairs(xml.each(xml.at(doc.document, "Header.From"), "Credential", "Header.From")) do
		local name = xml.text(xml.at(c.node, "Identity"))
		if name and xml.attribute(c.node, "type") ~= "marketplace" then return name end
	end
	refuse("field-missing", "Header.From.Credential.Identity", "is required: who sends it")
end

local function revision(header, doc, kind)
	local version = xml.attribute(header, "orderVersion")
	if version or kind == "new" then return version or "1" end
	return dates.xsd(xml.attribute(doc.document, "timestamp"), nil, "@timestamp") -- later than any version
end

local function note(header)
	local due = xml.attribute(header, "requestedDeliveryDate")
	return text.free(text.join(xml.joined(header, "Comments", "\n"), due and "deliver " .. due), 4096)
end

local function order(doc)
	local request = request_of(doc)
	local header = field.need(xml.at(request, HEADER), HEADER, "the order's header")
	local number = xml.attribute(header, "orderID")
	about(number)
	field.need(number, HEADER .. ".@orderID", "the order's number")
	if xml.attribute(request, "deploymentMode") == "test" then ignore("order-test", "deploymentMode is test") end
	local kind, sender = xml.attribute(header, "type") or "new", identity(doc)
	if kind ~= "new" and kind ~= "update" and kind ~= "delete" then
		refuse("status-not-taken", HEADER .. ".@type", "is none of new, update, delete")
	end
	local currency = xml.attribute(xml.at(header, "Total.Money"), "currency")
	local result = {
		source_id = key.of(sender, number), source_number = number, revision = revision(header, doc, kind),
		kind = kind == "delete" and "cancel" or "new", currency = currency or (kind == "delete" and party.currency) or nil,
		placed_at = dates.xsd(xml.attribute(header, "orderDate"), nil, HEADER .. ".@orderDate"),
	}
	if kind == "delete" then return result end
	field.need(currency, HEADER .. ".Total.Money.@currency", "ISO 4217")
	if xml.attribute(header, "orderType") == "blanket" then
		hold("order-blanket", HEADER .. ".@orderType",
			"a frame agreement: nothing is to be shipped before its releases. File it, then dismiss this")
	end
	local items = xml.each(xml.at(request, "OrderRequest"), "ItemOut", "OrderRequest")
	result.lines = {}
	for i, item in ipairs(items) do result.lines[i] = line(item.node, i, currency, item.path) end
	amounts_into(result, header, items, currency)
	result.ship_to, result.bill_to = ship_to(header, items), address(xml.at(header, "BillTo"))
	result.buyer, result.note = buyer(header, sender), note(header)
	result.prices_include_tax, result.payment_status = false, "pending"
	return result
end

return { order = order }
