-- ASC X12 of what we have to say: 855 (order response), 856 (ship notice) and 810 (invoice), version 004010 unless the order came
-- in another. Written for partners who sent an 850 that lib/x12.lua read: its references say how they address us, and what
-- they want to hear again. `doc` is what topology/parties/README.md says; each function gives the tree of shared/formats/x12.h.
local text, amounts, outbound = lib("text"), lib("amounts"), lib("outbound")
local day, clock, ordered = outbound.day, outbound.clock, outbound.ordered
local out = {}

-- Segments ----------------------------------------------------------------------------------------------------------

-- A segment of a tag and its elements; nil and "" are left out.
function out.segment(tag, ...)
	local s = { tag = tag }
	for n = 1, select("#", ...) do
		local value = select(n, ...)
		if value ~= nil and value ~= "" then s[string.format("%s%02d", tag, n)] = tostring(value) end
	end
	return s
end

local segment = out.segment

-- Free text: X12 has no escape, so what parts elements becomes a blank. Ids stay as they are; one with a separator in it is
-- an exception (x12-data).
function out.words(s, bytes)
	s = text.some(s)
	return s and text.free(string.gsub(s, "[%*~>%^%c]", " "), bytes)
end

-- Minor units as N2, two decimals that are not written: 1999 USD is 1999, 1999 JPY is 199900.
function out.n2(minor, currency)
	local one = gross("1", "1", currency)
	local n = minor * 100
	if n % one ~= 0 then hold("amount-inexact", "currency", "X12 has two places for amounts, " .. currency .. " has more") end
	return n // one
end

-- The envelope of one transaction. Who sent the order gets it, at the address that it used for itself.
function out.envelope(doc, functional, set, segments)
	local refs = outbound.references(doc.order)
	if not refs.ISA06 or not refs.ISA08 then
		refuse("field-missing", "order.references", "is required: ISA06 and ISA08 of the interchange that the order came in")
	end
	local day = day(doc.sent_at)
	table.insert(segments, 1, segment("ST", set, "0001"))
	return { interchanges = { {
		ISA = {
			ISA01 = "00", ISA03 = "00", ISA05 = refs.ISA07 or "ZZ", ISA06 = refs.ISA08, ISA07 = refs.ISA05 or "ZZ", ISA08 = refs.ISA06,
			ISA09 = string.sub(day, 3), ISA10 = clock(doc.sent_at), ISA11 = "U", ISA12 = "00401", ISA13 = doc.control, ISA14 = "0",
			ISA15 = refs.ISA15 or "P", ISA16 = ">",
		},
		groups = { {
			GS = {
				GS01 = functional, GS02 = refs.GS03 or refs.ISA08, GS03 = refs.GS02 or refs.ISA06, GS04 = day, GS05 = clock(doc.sent_at),
				GS06 = doc.control, GS07 = "X", GS08 = "004010",
			},
			transactions = { { set = set, control = "0001", segments = segments } },
		} },
	} } }
end

-- Parts that several sets have -----------------------------------------------------------------------------------------

local function add(segments, s)
	segments[#segments + 1] = s
end

-- REF of what the order had in REF: their qualifiers have two or three characters, the others are ours.
local function refs_add(segments, order)
	for i = 1, order.references and #order.references or 0 do
		local r = order.references[i]
		if #r.qualifier <= 3 then add(segments, segment("REF", r.qualifier, r.value)) end
	end
end

local function party_add(segments, role, a)
	if not a then return end
	local name = out.words(a.company or a.name, 60)
	if a.gln then
		add(segments, segment("N1", role, name, "UL", a.gln))
	elseif a.location then
		add(segments, segment("N1", role, name, "92", a.location))
	elseif name then
		add(segments, segment("N1", role, name))
	else
		return
	end
	if a.line1 then add(segments, segment("N3", out.words(a.line1, 55), out.words(a.line2, 55))) end
	if a.city or a.postal_code then
		add(segments, segment("N4", out.words(a.city, 30), a.region and #a.region == 2 and a.region or nil, a.postal_code, a.country))
	end
end

-- Qualifier and id of the item, pair after pair: as they named it, else ours.
local function ids_of(line)
	local ids = {}
	for i = 1, line.references and #line.references or 0 do
		local r = line.references[i]
		if #r.qualifier == 2 then
			ids[#ids + 1] = r.qualifier
			ids[#ids + 1] = r.value
		end
	end
	if #ids == 0 then
		ids[1], ids[2] = line.sku and "VN" or "UK", line.sku or line.gtin
	end
	return ids
end

local function unit_of(line)
	return outbound.references(line).unit or line.unit or "EA"
end

-- Price and basis as they wrote them, which may be per hundred.
local function price_of(line)
	local refs = outbound.references(line)
	return refs.price or line.unit_price, refs.basis
end

-- 855 ---------------------------------------------------------------------------------------------------------------

-- What becomes of each line: IA is accepted, IB waits for stock. BAK02 AD: all as ordered, AC: with changes.
function out.order_response(doc)
	local order, refs, allocated = doc.order, outbound.references(doc.order), outbound.by_ref(doc.allocation.lines)
	local lines, is_changed = {}, false
	for i = 1, #order.lines do
		local l = order.lines[i]
		local unit = unit_of(l)
		local price, basis = price_of(l)
		local taken, waiting = outbound.fate(l, allocated[l.line_ref])
		add(lines, segment("PO1", l.line_ref, l.quantity, unit, price, basis, table.unpack(ids_of(l))))
		if taken then add(lines, segment("ACK", "IA", taken, unit)) end
		if waiting then add(lines, segment("ACK", "IB", waiting, unit)) end
		is_changed = is_changed or waiting ~= nil
	end
	local segments = { segment("BAK", "00", is_changed and "AC" or "AD", order.source_number, day(order.placed_at), refs.release,
		nil, nil, nil, day(doc.sent_at)) }
	refs_add(segments, order)
	party_add(segments, "ST", order.ship_to)
	for _, s in ipairs(lines) do add(segments, s) end
	add(segments, segment("CTT", #order.lines))
	return out.envelope(doc, "PR", "855", segments)
end

-- 856 ---------------------------------------------------------------------------------------------------------------

-- Shipment, order, items; what did not leave is not in it.
function out.ship_notice(doc)
	local order, s, refs, lines = doc.order, doc.shipment, outbound.references(doc.order), outbound.by_ref(doc.order.lines)
	local segments = {
		segment("BSN", "00", string.sub(order.source_number .. "-" .. s.place, -30), day(doc.sent_at), clock(doc.sent_at), "0004"),
		segment("HL", 1, nil, "S"),
	}
	if s.carrier then add(segments, segment("TD5", "B", nil, nil, nil, out.words(s.carrier, 35))) end
	if s.tracking_number then add(segments, segment("REF", "CN", s.tracking_number)) end
	add(segments, segment("DTM", "011", day(s.shipped_at)))
	party_add(segments, "ST", s.ship_to)
	add(segments, segment("N1", "SF", nil, "92", s.warehouse))
	add(segments, segment("HL", 2, 1, "O"))
	add(segments, segment("PRF", order.source_number, refs.release, nil, day(order.placed_at)))
	refs_add(segments, order)
	local levels = 2
	for i = 1, #s.lines do
		local shipped, l = s.lines[i], lines[s.lines[i].line_ref]
		if l and not amounts.is_zero(shipped.shipped) then
			levels = levels + 1
			add(segments, segment("HL", levels, 2, "I"))
			add(segments, segment("LIN", l.line_ref, table.unpack(ids_of(l))))
			add(segments, segment("SN1", l.line_ref, ordered(shipped.shipped, l), unit_of(l), nil, l.quantity, unit_of(l)))
		end
	end
	if levels == 2 then ignore("nothing-shipped", "nothing of the shipment left") end
	add(segments, segment("CTT", levels))
	return out.envelope(doc, "SH", "856", segments)
end

-- 810 ---------------------------------------------------------------------------------------------------------------

local sac_codes = { discount = "C310", shipping = "D240", charge = "F050", rounding = "F050", tax = "H850" }

-- An allowance (A) or charge (C); nil when it comes to nothing.
local function sac(kind, minor, reason, currency)
	if minor == 0 then return nil end
	local n2 = out.n2(minor < 0 and -minor or minor, currency)
	return segment("SAC", minor < 0 and "A" or "C", sac_codes[kind] or "F050", nil, nil, n2, nil, nil, nil, nil, nil, nil, nil, nil, nil,
		out.words(reason, 80))
end

function out.invoice(doc)
	local order, v, refs, lines = doc.order, doc.invoice, outbound.references(doc.order), outbound.by_ref(doc.order.lines)
	local segments = { segment("BIG", day(v.issued_at), v.number, day(order.placed_at), order.source_number, refs.release, nil,
		"DI") }
	if v.currency ~= "USD" then add(segments, segment("CUR", "SE", v.currency)) end
	refs_add(segments, order)
	party_add(segments, "BT", v.bill_to)
	party_add(segments, "ST", order.ship_to)
	for i = 1, #v.lines do
		local billed = v.lines[i]
		local l = lines[billed.line_ref]
		local price, basis = price_of(l)
		add(segments, segment("IT1", billed.line_ref, billed.quantity, unit_of(l), price, basis, table.unpack(ids_of(l))))
		if l.description then add(segments, segment("PID", "F", nil, nil, nil, out.words(l.description, 80))) end
		if billed.discount_minor ~= 0 then add(segments, sac("discount", -billed.discount_minor, "discount of the line", v.currency)) end
	end
	add(segments, segment("TDS", out.n2(v.total_minor, v.currency)))
	if v.tax_minor ~= 0 then add(segments, segment("TXI", "TX", amounts.decimal(v.tax_minor, v.currency))) end
	for i = 1, v.charges and #v.charges or 0 do
		local c = v.charges[i]
		add(segments, sac(c.kind, c.amount_minor, c.reason or c.kind, v.currency))
	end
	add(segments, segment("CTT", #v.lines))
	return out.envelope(doc, "IN", "810", segments)
end

return out
