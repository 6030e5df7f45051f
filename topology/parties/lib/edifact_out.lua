-- UN/EDIFACT of what we have to say: ORDRSP (order response), DESADV (ship notice) and INVOIC (invoice), D.96A as EANCOM has
-- them. Written for partners who sent an ORDERS that lib/edifact.lua read: its references say how they address us. `doc` is
-- what topology/parties/README.md says; each function gives the tree of shared/formats/edifact.h.
local text, amounts, outbound = lib("text"), lib("amounts"), lib("outbound")
local day, clock, ordered = outbound.day, outbound.clock, outbound.ordered
local out = {}

-- A segment of a tag and its elements: a text, or a list of components in which "" holds a place. nil and "" are left out.
function out.segment(tag, ...)
	local s = { tag = tag }
	for n = 1, select("#", ...) do
		local value = select(n, ...)
		if value ~= nil and value ~= "" then s[tostring(n)] = type(value) == "table" and value or tostring(value) end
	end
	return s
end

local segment = out.segment

local function add(segments, s)
	segments[#segments + 1] = s
end

-- The interchange of one message. Who sent the order gets it, at the address and in the character set that it used itself.
function out.envelope(doc, kind, segments)
	local refs = outbound.references(doc.order)
	if not refs.sender or not refs.recipient then
		refuse("field-missing", "order.references", "is required: sender and recipient of the interchange that the order came in")
	end
	local header = segment("UNH", "1", { kind, "D", "96A", "UN" })
	table.insert(segments, 1, header)
	return { interchanges = { {
		UNB = segment("UNB", { refs.syntax or "UNOC", refs["syntax-version"] or "3" }, { refs.recipient, refs["recipient-code"] or "" },
			{ refs.sender, refs["sender-code"] or "" }, { string.sub(day(doc.sent_at), 3), clock(doc.sent_at) }, doc.control),
		messages = { { type = kind, reference = "1", segments = segments } },
	} } }
end

-- Parts that several messages have ---------------------------------------------------------------------------------------

local function dtm(segments, qualifier, at)
	if at then add(segments, segment("DTM", { qualifier, day(at), "102" })) end
end

-- A party by its GLN or the sender's number for it, and where it is.
local function nad(segments, role, a, id)
	if not a and not id then return end
	a = a or {}
	local gln = a.gln
	local name, city = text.free(a.company or a.name, 35), text.free(a.city, 35)
	if not gln and not id and not name and not city then return end
	add(segments, segment("NAD", role, gln and { gln, "", "9" } or id, nil, name, text.free(a.line1, 35), city,
		a.region and #a.region <= 9 and a.region or nil, text.free(a.postal_code, 9), a.country))
end

local function parties(segments, order, refs)
	local buyer = order.buyer or {}
	nad(segments, "BY", { gln = buyer.gln, company = buyer.company }, not buyer.gln and buyer.account or nil)
	if refs.supplier then add(segments, segment("NAD", "SU", { refs.supplier, "", refs["supplier-code"] or "9" })) end
end

-- The item: its GTIN in LIN, our number and theirs in PIA.
local function item(segments, position, action, line, number)
	local refs = outbound.references(line)
	add(segments, segment("LIN", position, action, line.gtin and { line.gtin, "EN" } or nil))
	local sku = number or line.sku
	if sku then add(segments, segment("PIA", line.gtin and "1" or "5", { sku, "SA" }, refs.IN and { refs.IN, "IN" } or nil)) end
	if line.description then
		add(segments, segment("IMD", "F", nil, { "", "", "", text.free(line.description, 35) }))
	end
end

local function quantity(segments, qualifier, n, line)
	add(segments, segment("QTY", line.unit and { qualifier, n, line.unit } or { qualifier, n }))
end

local function money(segments, qualifier, minor, currency)
	add(segments, segment("MOA", { qualifier, amounts.decimal(minor, currency) }))
end

-- What we call the document: at most 35 characters, the end of which tells them apart.
local function number_of(order, suffix)
	return string.sub(order.source_number .. "-" .. suffix, -35)
end

-- ORDRSP ------------------------------------------------------------------------------------------------------------

-- LIN action 5: accepted as ordered; 3: some of it waits for stock (QTY 113 is delivered, 83 waits).
function out.order_response(doc)
	local order, refs, allocated = doc.order, outbound.references(doc.order), outbound.by_ref(doc.allocation.lines)
	local lines, is_changed = {}, false
	for i = 1, #order.lines do
		local l = order.lines[i]
		local taken, waiting = outbound.fate(l, allocated[l.line_ref])
		item(lines, l.line_ref, waiting and "3" or "5", l)
		quantity(lines, "21", l.quantity, l)
		if waiting then
			if taken then quantity(lines, "113", taken, l) end
			quantity(lines, "83", waiting, l)
			is_changed = true
		end
	end
	local segments = { segment("BGM", "231", number_of(order, doc.control), is_changed and "4" or "29") }
	dtm(segments, "137", doc.sent_at)
	add(segments, segment("RFF", { "ON", order.source_number }))
	dtm(segments, "171", order.placed_at)
	parties(segments, order, refs)
	nad(segments, "DP", order.ship_to)
	for _, s in ipairs(lines) do add(segments, s) end
	add(segments, segment("UNS", "S"))
	add(segments, segment("CNT", { "2", tostring(#order.lines) }))
	return out.envelope(doc, "ORDRSP", segments)
end

-- DESADV ------------------------------------------------------------------------------------------------------------

function out.ship_notice(doc)
	local order, s, refs, lines = doc.order, doc.shipment, outbound.references(doc.order), outbound.by_ref(doc.order.lines)
	local segments = { segment("BGM", "351", number_of(order, s.place), "9") }
	dtm(segments, "137", doc.sent_at)
	dtm(segments, "11", s.shipped_at)
	add(segments, segment("RFF", { "ON", order.source_number }))
	if s.tracking_number then add(segments, segment("RFF", { "CN", s.tracking_number })) end
	parties(segments, order, refs)
	nad(segments, "DP", s.ship_to)
	if s.carrier then add(segments, segment("TDT", "20", nil, nil, nil, { "", "", "", text.free(s.carrier, 35) })) end
	add(segments, segment("CPS", "1"))
	local count = 0
	for i = 1, #s.lines do
		local shipped, l = s.lines[i], lines[s.lines[i].line_ref]
		if l and not amounts.is_zero(shipped.shipped) then
			count = count + 1
			item(segments, tostring(count), nil, l)
			quantity(segments, "12", ordered(shipped.shipped, l), l)
			add(segments, segment("RFF", { "ON", order.source_number, l.line_ref }))
		end
	end
	if count == 0 then ignore("nothing-shipped", "nothing of the shipment left") end
	add(segments, segment("CNT", { "2", tostring(count) }))
	return out.envelope(doc, "DESADV", segments)
end

-- INVOIC ------------------------------------------------------------------------------------------------------------

local services = { shipping = "FC", discount = "DI", charge = "ABH", rounding = "RAA", tax = "TX" }

-- An allowance (A) or charge (C) and its amount; nothing when it comes to nothing.
local function alc(segments, kind, minor, qualifier, currency, reason)
	if minor == 0 then return end
	add(segments, segment("ALC", minor < 0 and "A" or "C", nil, nil, nil, { services[kind] or "ABH", "", "", text.free(reason, 35) or "" }))
	money(segments, qualifier, minor < 0 and -minor or minor, currency)
end

local function tax(segments, rate)
	add(segments, segment("TAX", "7", "VAT", nil, nil, { "", "", "", rate or "0" }, "S"))
end

local function invoice_line(segments, billed, l, currency)
	item(segments, billed.line_ref, nil, l)
	quantity(segments, "47", billed.quantity, l)
	money(segments, "203", billed.net_minor, currency)
	-- AAA is the net price, AAB one before the line's allowances
	add(segments, segment("PRI", { billed.discount_minor == 0 and "AAA" or "AAB", billed.unit_price }))
	if billed.tax_minor ~= 0 then
		tax(segments, l.enriched and l.enriched.tax_rate)
		money(segments, "124", billed.tax_minor, currency)
	end
	alc(segments, "discount", -billed.discount_minor, "204", currency)
end

function out.invoice(doc)
	local order, v, refs, lines = doc.order, doc.invoice, outbound.references(doc.order), outbound.by_ref(doc.order.lines)
	local segments, net = { segment("BGM", "380", v.number, "9") }, 0
	dtm(segments, "137", v.issued_at)
	add(segments, segment("RFF", { "ON", order.source_number }))
	dtm(segments, "171", order.placed_at)
	parties(segments, order, refs)
	nad(segments, "IV", v.bill_to)
	nad(segments, "DP", order.ship_to)
	add(segments, segment("CUX", { "2", v.currency, "4" }))
	for i = 1, v.charges and #v.charges or 0 do
		local c = v.charges[i]
		alc(segments, c.kind, c.amount_minor, "8", v.currency, c.reason)
	end
	for i = 1, #v.lines do
		invoice_line(segments, v.lines[i], lines[v.lines[i].line_ref], v.currency)
		net = net + v.lines[i].net_minor
	end
	add(segments, segment("UNS", "S"))
	add(segments, segment("CNT", { "2", tostring(#v.lines) }))
	money(segments, "79", net, v.currency)
	if v.charges_minor ~= 0 then money(segments, "131", v.charges_minor, v.currency) end
	money(segments, "125", net + v.charges_minor, v.currency)
	money(segments, "124", v.tax_minor, v.currency)
	money(segments, "77", v.total_minor, v.currency)
	return out.envelope(doc, "INVOIC", segments)
end

return out
