-- UBL 2.x, with Peppol BIS Ordering: Order, OrderChange, OrderCancellation; in a StandardBusinessDocument or bare.
-- An order's key is the buyer's EndpointID with its scheme and the ORDER's ID; a change and a cancellation have an ID of their
-- own and name the order in OrderReference.
--
-- Revisions: the Order is 0, a change its SequenceNumberID, or when it was issued if the buyer does not number them. A
-- cancellation has none, for it holds whenever it comes.
-- A change gives the whole content again, and of its lines only LineStatusCode 2 is gone. What a left-out line means the standard
-- does not say: when the lines of a change do not add up to its own LineExtensionAmount, it is merged into the known order, where
-- they stay. For that each line needs a LineStatusCode, and PayableAmount shows whether it came out as meant.
--
-- Payable = lines - allowances + charges + tax - prepaid + rounding. What was prepaid is part of what the order costs, so the
-- grand total is Payable + prepaid. Price/AllowanceCharge tells how PriceAmount came about and changes nothing.
local xml, text, field, amounts, adjustments = lib("xml"), lib("text"), lib("field"), lib("amounts"), lib("adjustments")
local places, dates, units, addresses, key = lib("places"), lib("dates"), lib("units"), lib("addresses"), lib("key")

local UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
local TOTAL = "cac:AnticipatedMonetaryTotal"
local freight = { FC = true, DL = true, SAA = true } -- UNCL 7161: freight, delivery, shipping and handling

-- Every amount has its currency, and they must be the order's.
local function decimal(node, currency, path)
	local said = xml.attribute(node, "currencyID")
	if said and said ~= currency then
		refuse("currency-mixed", path .. ".@currencyID", "is " .. said .. " in an order in " .. currency)
	end
	return amounts.number(xml.text(node), path, "an amount of " .. currency)
end

local function amount(parent, name, currency, path)
	local node, where = xml.at(parent, name), path and path .. "." .. name or name
	return node and amounts.rounded(decimal(node, currency, where), currency, where) or nil
end

local function is_true(node, path)
	local said = field.need(xml.text(node), path, "true or false")
	if said == "true" or said == "1" then return true end
	if said ~= "false" and said ~= "0" then refuse("field-type", path, "is neither true nor false") end
	return false
end

-- Who and where ----------------------------------------------------------------------------------------------------------

local function gln(node)
	local scheme = string.upper(xml.attribute(node, "schemeID") or "")
	return (scheme == "0088" or scheme == "GLN") and addresses.gln(xml.text(node)) or nil
end

local function party_gln(party)
	local found = gln(xml.at(party, "cbc:EndpointID"))
	for _, id in ipairs(xml.each(party, "cac:PartyIdentification")) do found = found or gln(xml.at(id.node, "cbc:ID")) end
	return found
end

local function party_name(party)
	return text.free(xml.text(xml.at(party, "cac:PartyName.cbc:Name")) or
		xml.text(xml.at(party, "cac:PartyLegalEntity.cbc:RegistrationName")), 256)
end

local function address(a, party)
	local country, more = places.country(xml.text(xml.at(a, "cac:Country.cbc:IdentificationCode"))), {}
	local region = xml.text(xml.at(a, "cbc:CountrySubentityCode")) or xml.text(xml.at(a, "cbc:CountrySubentity"))
	local prefix, rest = string.match(region and #region <= 64 and region or "", "^(%u%u)%-(%w+)$") -- ISO 3166-2
	local box = xml.text(xml.at(a, "cbc:Postbox"))
	for _, name in ipairs({ "cbc:AdditionalStreetName", "cbc:Department", "cbc:Floor", "cbc:Room" }) do
		more[#more + 1] = xml.text(xml.at(a, name))
	end
	for _, l in ipairs(xml.each(a, "cac:AddressLine")) do more[#more + 1] = xml.text(xml.at(l.node, "cbc:Line")) end
	return {
		name = text.free(xml.text(xml.at(party, "cac:Contact.cbc:Name")), 256), company = party_name(party),
		line1 = text.free(text.join(xml.text(xml.at(a, "cbc:StreetName")), xml.text(xml.at(a, "cbc:BuildingNumber"))) or
			(box and "PO Box " .. box) or table.remove(more, 1), 256),
		line2 = text.free(table.concat(more, ", "), 256), city = text.free(xml.text(xml.at(a, "cbc:CityName")), 128),
		region = places.region(prefix == country and rest or region, country),
		postal_code = xml.text(xml.at(a, "cbc:PostalZone")), country = country,
		phone = text.free(xml.text(xml.at(party, "cac:Contact.cbc:Telephone")), 64),
		email = xml.text(xml.at(party, "cac:Contact.cbc:ElectronicMail")), gln = gln(xml.at(a, "cbc:ID")),
	}
end

-- The addresses of the deliveries below a document or line: DeliveryLocation of 2.1, DeliveryAddress of 2.0.
local function deliveries(parent, path)
	local all = {}
	for _, d in ipairs(xml.each(parent, "cac:Delivery", path)) do
		local location = xml.at(d.node, "cac:DeliveryLocation")
		local a = xml.at(location, "cac:Address") or xml.at(d.node, "cac:DeliveryAddress")
		local its_gln = gln(xml.at(location, "cbc:ID"))
		if a or its_gln then
			local to = address(a, xml.at(d.node, "cac:DeliveryParty"))
			to.gln = to.gln or its_gln
			all[#all + 1] = { node = to, path = d.path }
		end
	end
	return all
end

-- Each line's own, or the document's.
local function ship_to(d, items)
	local whole, all = deliveries(d), {}
	for _, item in ipairs(items) do
		local own = deliveries(item.node, item.path)
		if #own == 0 then own = #whole > 0 and whole or { { path = item.path .. ".cac:Delivery" } } end
		for _, one in ipairs(own) do all[#all + 1] = one end
	end
	return addresses.one(all)
end

local function bill_to(d)
	local party = xml.at(d, "cac:AccountingCustomerParty.cac:Party") or xml.at(d, "cac:BuyerCustomerParty.cac:Party")
	local a = xml.at(party, "cac:PostalAddress")
	return a and address(a, party)
end

local function buyer(d, account)
	local party = xml.at(d, "cac:BuyerCustomerParty.cac:Party")
	local contact = xml.at(party, "cac:Contact")
	return {
		account = account, gln = party_gln(party), company = party_name(party),
		name = text.free(xml.text(xml.at(contact, "cbc:Name")), 256), phone = text.free(xml.text(xml.at(contact, "cbc:Telephone")), 64),
		email = xml.text(xml.at(contact, "cbc:ElectronicMail")),
	}
end

-- Allowances, charges, tax -----------------------------------------------------------------------------------------------

-- Those directly below a document or line: { off = , on = , all = { { is_charge, minor, reason, code }, … } }.
local function allowances(parent, currency, path)
	local found = { off = 0, on = 0, all = {} }
	for _, a in ipairs(xml.each(parent, "cac:AllowanceCharge", path)) do
		local is_charge = is_true(xml.at(a.node, "cbc:ChargeIndicator"), a.path .. ".cbc:ChargeIndicator")
		local minor = field.need(amount(a.node, "cbc:Amount", currency, a.path), a.path .. ".cbc:Amount", "an amount")
		local code = xml.text(xml.at(a.node, "cbc:AllowanceChargeReasonCode"))
		local reason = xml.text(xml.at(a.node, "cbc:AllowanceChargeReason")) or code
		found.all[#found.all + 1] = { is_charge = is_charge, minor = minor, reason = reason, code = code }
		if is_charge then found.on = found.on + minor else found.off = found.off + minor end
	end
	return found
end

local function allowances_into(list, found, prefix)
	for _, a in ipairs(found.all) do
		local kind = a.is_charge and (freight[a.code or ""] and "shipping" or "charge") or "discount"
		adjustments.add(list, kind, text.free(prefix .. (a.reason or ""), 256), a.is_charge and a.minor or -a.minor)
	end
end

-- The sum of TaxTotal, one for each kind of tax; nil when there is none.
local function tax_of(parent, currency, path)
	local total
	for _, t in ipairs(xml.each(parent, "cac:TaxTotal", path)) do
		total = (total or 0) + (amount(t.node, "cbc:TaxAmount", currency, t.path) or 0)
	end
	return total
end

-- Lines ------------------------------------------------------------------------------------------------------------------

-- LineStatusCode: 1 added, 2 deleted, 3 changed, 4 as it was, 74 reopened.
local function status_of(item)
	local code = xml.text(xml.at(item.node, "cbc:LineStatusCode"))
	if code and code ~= "1" and code ~= "2" and code ~= "3" and code ~= "4" and code ~= "74" then
		refuse("status-not-taken", item.path .. ".cbc:LineStatusCode", "is none of 1, 2, 3, 4, 74")
	end
	return code
end

-- The LineItems that are wanted, each with its path; a LineItem is the only one of its OrderLine.
local function items_of(d)
	local items = {}
	for _, l in ipairs(xml.each(d, "cac:OrderLine")) do
		local item = { node = xml.at(l.node, "cac:LineItem"), path = l.path .. ".cac:LineItem" }
		if type(item.node) ~= "userdata" then refuse("field-missing", item.path, "is required: what is ordered") end
		if status_of(item) ~= "2" then items[#items + 1] = item end
	end
	return items
end

local function unit_price(item, unit, quantity, currency, path)
	local price_path, base_path = path .. ".cac:Price.cbc:PriceAmount", path .. ".cac:Price.cbc:BaseQuantity"
	local node, base = xml.at(item, "cac:Price.cbc:PriceAmount"), xml.at(item, "cac:Price.cbc:BaseQuantity")
	local price = decimal(field.need(node, price_path, "the price"), currency, price_path)
	local its_unit, count = units.code(xml.attribute(base, "unitCode")), xml.text(base)
	if its_unit and unit and its_unit ~= unit then
		hold("price-unit", base_path, "the price is per " .. its_unit .. ", ordered is in " .. unit ..
			": enter it by hand, then dismiss this")
	end
	return count and amounts.price_of_one(price, count, quantity, currency, base_path) or price
end

-- The line, what it comes to without tax, and its charges: an order's line has none in our books.
local function item_of(goods)
	return xml.text(xml.at(goods, "cac:SellersItemIdentification.cbc:ID")) or
		xml.text(xml.at(goods, "cac:BuyersItemIdentification.cbc:ID")),
		text.gtin(xml.text(xml.at(goods, "cac:StandardItemIdentification.cbc:ID")))
end

local function line(item, currency, path)
	local node, its_path = xml.at(item, "cbc:Quantity"), path .. ".cbc:Quantity"
	local quantity = amounts.number(xml.text(node), its_path, "the ordered quantity")
	local unit = units.code(xml.attribute(node, "unitCode"))
	local found, goods = allowances(item, currency, path), xml.at(item, "cac:Item")
	local price = unit_price(item, unit, quantity, currency, path)
	local id, sku, gtin = xml.text(xml.at(item, "cbc:ID")), item_of(goods)
	local tax = tax_of(item, currency, path) or amount(item, "cbc:TotalTaxAmount", currency, path) or 0
	local stated = amount(item, "cbc:LineExtensionAmount", currency, path)
	return {
		line_ref = field.need(id, path .. ".cbc:ID", "the line's id"), quantity = quantity, unit = unit, unit_price = price,
		sku = sku, gtin = gtin, requires_shipping = true, discount_minor = found.off, tax_minor = tax,
		description = text.free(xml.text(xml.at(goods, "cbc:Name")) or xml.text(xml.at(goods, "cbc:Description")), 1024),
	}, stated or (gross(quantity, price, currency) or 0) - found.off + found.on, found
end

-- Totals -----------------------------------------------------------------------------------------------------------------

-- Tax that no line has a share of.
local function tax_into(list, d, currency, line_tax)
	local before = amount(d, TOTAL .. ".cbc:TaxExclusiveAmount", currency)
	local after = amount(d, TOTAL .. ".cbc:TaxInclusiveAmount", currency)
	local tax = tax_of(d, currency) or (before and after and after - before) or line_tax
	if tax < line_tax then
		hold("sums-differ", "cac:TaxTotal", "is less than the sum of the lines' own: ask the buyer which holds, then dismiss this")
	end
	adjustments.add(list, "tax", "taxes of the order", 0, tax - line_tax)
	return tax
end

-- Without a monetary total the order costs what its parts give.
local function stated_of(d, currency, parts, tax)
	local payable = amount(d, TOTAL .. ".cbc:PayableAmount", currency)
	local prepaid = amount(d, TOTAL .. ".cbc:PrepaidAmount", currency) or 0
	local stated = { tax_minor = tax, grand_minor = payable and payable + prepaid or parts + tax }
	return stated, prepaid == 0 and "pending" or (payable and payable <= 0 and "paid" or "partially-paid")
end

-- The lines of a change that leaves others out, each with what becomes of it; `lines` are those that are not deleted.
local actions = { ["1"] = "add", ["2"] = "remove", ["3"] = "change", ["74"] = "add" }

local function changes_of(d, lines)
	local all, next_line = {}, 1
	if not xml.at(d, TOTAL .. ".cbc:PayableAmount") then
		hold("change-partial", TOTAL, "it leaves lines out, and does not say what the order costs then: ask the buyer for the " ..
			"whole order, settle it by hand, then dismiss this")
	end
	for _, l in ipairs(xml.each(d, "cac:OrderLine")) do
		local item = { node = xml.at(l.node, "cac:LineItem"), path = l.path .. ".cac:LineItem" }
		local status, said = status_of(item), nil
		if not status then
			hold("change-partial", item.path .. ".cbc:LineStatusCode", "LineExtensionAmount is not the sum of the lines, so it " ..
				"seems that lines which stay were left out, and this one does not say what becomes of it: ask the buyer for the " ..
				"whole order, settle it by hand, then dismiss this")
		end
		if status == "2" then
			said = { line_ref = field.need(xml.text(xml.at(item.node, "cbc:ID")), item.path .. ".cbc:ID", "the line's id") }
			said.gtin = select(2, item_of(xml.at(item.node, "cac:Item")))
		else
			said, next_line = lines[next_line], next_line + 1
		end
		said.action = actions[status]
		if said.action ~= "add" then -- must be the known line's; the buyer may have several
			said.sku = xml.text(xml.at(item.node, "cac:Item.cac:SellersItemIdentification.cbc:ID"))
		end
		if said.action then all[#all + 1] = said end
	end
	return all
end

local function lines_into(result, d, items, currency, is_change)
	local lines, list, sum, line_tax = {}, {}, 0, 0
	for i, item in ipairs(items) do
		local l, net, found = line(item.node, currency, item.path)
		lines[i], sum, line_tax = l, sum + net, line_tax + l.tax_minor
		for _, a in ipairs(found.all) do
			if a.is_charge then allowances_into(list, { all = { a } }, "line " .. l.line_ref .. ": ") end
		end
	end
	local whole = amount(d, TOTAL .. ".cbc:LineExtensionAmount", currency)
	local is_partial = is_change and (not whole or math.abs(whole - sum) > 1)
	local found, rounding = allowances(d, currency), amount(d, TOTAL .. ".cbc:PayableRoundingAmount", currency) or 0
	allowances_into(list, found, "")
	local tax = tax_into(list, d, currency, line_tax)
	adjustments.add(list, "rounding", "rounding by the buyer", rounding)
	result.lines, result.adjustments = is_partial and changes_of(d, lines) or lines, list
	result.kind = is_partial and "change" or "new"
	result.stated, result.payment_status = stated_of(d, currency, sum - found.off + found.on + rounding, tax)
end

-- The document -----------------------------------------------------------------------------------------------------------

local kinds = { Order = "order", OrderChange = "change", OrderCancellation = "cancel" }

-- An envelope has its document's namespace in Standard.
local function unwrap(doc)
	if doc.name ~= "StandardBusinessDocument" then return doc end
	for name in pairs(kinds) do
		local d = xml.at(doc.document, name)
		if d then
			local standard = xml.at(doc.document, "StandardBusinessDocumentHeader.DocumentIdentification.Standard")
			return { name = name, namespace = xml.text(standard), document = d }
		end
	end
	return doc
end

-- A cancellation may name several orders: each is cancelled for itself.
local function split(doc)
	doc = unwrap(doc)
	local references = doc.name == "OrderCancellation" and xml.below(doc.document, "cac:OrderReference") or {}
	if #references < 2 then return { doc } end
	local units_of = {}
	for i, reference in ipairs(references) do
		local d = { ["cac:OrderReference"] = reference }
		for _, name in ipairs({ "cbc:ID", "cbc:IssueDate", "cbc:IssueTime", "cac:BuyerCustomerParty" }) do
			d[name] = doc.document[name]
		end
		units_of[i] = { name = doc.name, namespace = doc.namespace, document = d }
	end
	return units_of
end

local function kind_of(doc)
	local namespace = doc.namespace or ""
	if doc.name == "StandardBusinessDocument" then ignore("document-ignored", "an envelope with no order in it") end
	if namespace ~= UBL .. doc.name .. "-2" then
		if string.find(namespace, ":ubl:", 1, true) then
			refuse("version-not-taken", "namespace", namespace .. ": UBL 2 is taken, " .. UBL .. doc.name .. "-2")
		end
		refuse("document-unknown", "namespace", doc.name .. " in the namespace '" .. namespace .. "' is no UBL document")
	end
	return kinds[doc.name] or ignore("document-ignored", doc.name)
end

-- UNCL 1001: most are ordinary orders.
local function look(d)
	local code = xml.text(xml.at(d, "cbc:OrderTypeCode"))
	if code == "221" then
		hold("order-blanket", "cbc:OrderTypeCode", "a frame agreement: nothing is to be shipped before its releases. File it, " ..
			"then dismiss this")
	elseif code == "227" then
		hold("order-consigned", "cbc:OrderTypeCode", "the goods stay ours: enter it by hand, then dismiss this")
	end
end

-- 0088:0614141000128
local function account_of(d)
	local path = "cac:BuyerCustomerParty.cac:Party.cbc:EndpointID"
	local endpoint = xml.at(d, path)
	local id, scheme = field.need(xml.text(endpoint), path, "the buyer's electronic address"), xml.attribute(endpoint, "schemeID")
	return scheme and scheme .. ":" .. id or id
end

local function currency_of(d)
	local found = xml.text(xml.at(d, "cbc:DocumentCurrencyCode")) or
		xml.attribute(xml.at(d, TOTAL .. ".cbc:PayableAmount"), "currencyID") or
		xml.attribute(xml.at(d, "cac:OrderLine.cac:LineItem.cac:Price.cbc:PriceAmount"), "currencyID")
	return field.need(found, "cbc:DocumentCurrencyCode", "ISO 4217")
end

-- When the order was placed: a change may say it of the order it changes.
local function placed_at(d, reference)
	local from, path = d, "cbc:IssueDate"
	if xml.at(reference, "cbc:IssueDate") then from, path = reference, "cac:OrderReference.cbc:IssueDate" end
	return dates.xsd(xml.text(xml.at(from, "cbc:IssueDate")), xml.text(xml.at(from, "cbc:IssueTime")), path)
end

local function revision(d, kind)
	if kind == "order" then return "0" end
	if kind == "cancel" then return nil end
	return xml.text(xml.at(d, "cbc:SequenceNumberID")) or placed_at(d, nil)
end

local function note(d)
	local period = xml.at(d, "cac:Delivery.cac:RequestedDeliveryPeriod")
	local from, to = xml.text(xml.at(period, "cbc:StartDate")), xml.text(xml.at(period, "cbc:EndDate"))
	local due = text.join(from and "deliver from " .. from, to and (from and "to " or "deliver by ") .. to)
	local said = xml.joined(d, "cbc:Note", "\n")
	return text.free(said and due and said .. "\n" .. due or said or due, 4096)
end

local function order(doc)
	local kind, d = kind_of(doc), doc.document
	local reference = kind ~= "order" and xml.at(d, "cac:OrderReference") or nil
	local path = kind == "order" and "cbc:ID" or "cac:OrderReference.cbc:ID"
	local number = xml.text(xml.at(d, path))
	about(number)
	field.need(number, path, "the order's number")
	local account = account_of(d)
	local items = kind ~= "cancel" and items_of(d) or {}
	local is_change, is_cancel = kind == "change", kind == "cancel"
	if is_change and #items == 0 and xml.at(d, "cac:OrderLine") then -- every line is deleted, or every one that it names
		local left = xml.text(xml.at(d, TOTAL .. ".cbc:LineExtensionAmount"))
		is_cancel = not left or amounts.is_zero(left)
	end
	local result = {
		source_id = key.of(account, number), source_number = number, revision = revision(d, kind),
		kind = is_cancel and "cancel" or "new", placed_at = placed_at(d, reference),
		currency = kind == "cancel" and party.currency or currency_of(d),
	}
	if is_cancel then return result end
	look(d)
	lines_into(result, d, items, result.currency, is_change)
	result.ship_to, result.bill_to, result.buyer = ship_to(d, items), bill_to(d), buyer(d, account)
	result.prices_include_tax, result.note = false, note(d)
	return result
end

return { split = split, order = order }
