-- ASC X12: what a partner's mapping needs of a parsed file (its tree: shared/formats/x12.h; the segments: formats.md, section 2).
-- A transaction that was read, and each loop in it, is a list of segments { tag, node, path, separators }, so that `first`, `all`
-- and `loops` look into either. Paths are those of the unit: segments[5].PO102.
-- Dates have no time: they are noon UTC (lib/dates.lua).
local text, amounts, places = lib("text"), lib("amounts"), lib("places")
local x12 = {}

-- The units of a file: each transaction of each group of each interchange, and each TA1 as a set of its own.
function x12.units(doc)
	local units, interchanges = {}, doc.interchanges
	for i = 1, #interchanges do
		local one = interchanges[i]
		local ta1, groups = one.TA1, one.groups
		for k = 1, ta1 and #ta1 or 0 do
			units[#units + 1] = {
				interchange = one.ISA, separators = one.separators, set = "TA1", control = one.ISA.ISA13, segments = { ta1[k] },
			}
		end
		for g = 1, groups and #groups or 0 do
			local group = groups[g]
			local all = group.transactions
			for t = 1, all and #all or 0 do
				local tx = all[t]
				units[#units + 1] = {
					interchange = one.ISA, separators = one.separators, group = group.GS, set = tx.set, control = tx.control,
					segments = tx.segments, faults = tx.faults,
				}
			end
		end
	end
	return units
end

function x12.read(unit)
	local tx, segments = {}, unit.segments
	for i = 1, segments and #segments or 0 do
		local node = segments[i]
		tx[i] = { tag = node.tag, node = node, path = "segments[" .. (i - 1) .. "]", separators = unit.separators }
	end
	return tx
end

-- Faults that say that some of the transaction may be missing or be another's. What is wrong with its group or interchange
-- (counts, numbers that do not agree or come again) leaves a whole transaction whole: the answer to the partner names it.
local unsafe = { ["x12-se-missing"] = true, ["x12-se-count"] = true, ["x12-se-control"] = true }

-- The first such fault as code and text, or nil.
function x12.fault(unit)
	local faults = unit.faults
	for i = 1, faults and #faults or 0 do
		if unsafe[faults[i].code] then return faults[i].code, faults[i].text end
	end
	return nil
end

-- Segments ----------------------------------------------------------------------------------------------------------

-- The first with this tag; with n and code, the first of them whose element n is the code.
function x12.first(tx, tag, n, code)
	for _, s in ipairs(tx) do
		if s.tag == tag and (n == nil or x12.get(s, n) == code) then return s end
	end
	return nil
end

function x12.all(tx, tag)
	local all = {}
	for _, s in ipairs(tx) do
		if s.tag == tag then all[#all + 1] = s end
	end
	return all
end

-- Those before the first with this tag, and those from the first on: what is said of the whole, beside the lines.
function x12.before(tx, tag)
	local all = {}
	for _, s in ipairs(tx) do
		if s.tag == tag then break end
		all[#all + 1] = s
	end
	return all
end

function x12.from(tx, tag)
	local all, is_on = {}, false
	for _, s in ipairs(tx) do
		is_on = is_on or s.tag == tag
		if is_on then all[#all + 1] = s end
	end
	return all
end

-- Lists that begin with the tag and end before the next, or before one of the stop tags.
function x12.loops(tx, tag, ...)
	local loops, stops, loop = {}, {}, nil
	for _, stop in ipairs({ ... }) do stops[stop] = true end
	for _, s in ipairs(tx) do
		if s.tag == tag then
			loop = {}
			loops[#loops + 1] = loop
		elseif stops[s.tag] then
			loop = nil
		end
		if loop then loop[#loop + 1] = s end
	end
	return loops
end

-- Elements ----------------------------------------------------------------------------------------------------------

local two_digits = {}
for n = 1, 99 do two_digits[n] = string.format("%02d", n) end

local function key(s, n)
	return s.tag .. two_digits[n]
end

function x12.path(s, n)
	return s.path .. "." .. key(s, n)
end

local function trimmed(value)
	if value and string.byte(value, -1) == 32 then value = string.gsub(value, " +$", "") end
	return value ~= "" and value or nil
end

-- The text of element n, or nil; refused when it has components or is repeated.
function x12.get(s, n)
	local value = s.node[key(s, n)]
	if type(value) == "userdata" then
		refuse("field-type", x12.path(s, n), "has components or is repeated, where one value is wanted")
	end
	return trimmed(value)
end

function x12.need(s, n, what)
	local value = x12.get(s, n)
	if not value then refuse("field-missing", x12.path(s, n), "is required: " .. what) end
	return value
end

-- The first component of element n, or all of it when there are none.
function x12.component(s, n)
	local value = s.node[key(s, n)]
	return trimmed(type(value) == "userdata" and value["1"] or value)
end

-- What people write, as it was written: separators in it were meant as characters, for X12 has no other way.
local function written(value, separators)
	if type(value) ~= "userdata" then return value end
	local parts, found = {}, 0
	for k = 1, 99 do
		if found == #value then break end
		local part = value[tostring(k)]
		found = found + (part and 1 or 0)
		parts[k] = part or ""
	end
	if found > 0 then return table.concat(parts, separators and separators.component or " ") end
	parts = {}
	for k = 1, #value do parts[k] = written(value[k], separators) or "" end
	return table.concat(parts, separators and separators.repetition or " ")
end

function x12.words(s, n, bytes)
	return text.free(trimmed(written(s.node[key(s, n)], s.separators)), bytes)
end

-- A number of type R as a plain decimal: its point is written, .5 is 0.5. nil when there is none.
local function decimal(value, path)
	local sign, whole, rest = string.match(value, "^(%-?)(%d*)%.?(%d*)$")
	if not sign or (whole == "" and rest == "") then refuse("field-type", path, "is no number") end
	whole, rest = string.gsub(whole, "^0+", ""), string.gsub(rest, "0+$", "")
	if #rest > 6 then refuse("field-type", path, "has more than six places") end
	if whole == "" then whole = "0" end
	return (whole == "0" and rest == "") and "0" or sign .. whole .. (rest ~= "" and "." .. rest or "")
end

function x12.number(s, n)
	local value = x12.get(s, n)
	return value and decimal(value, x12.path(s, n))
end

-- A number of type N2: 2000 is 20.00. One with a point in it is no N2, and can mean only what it says.
function x12.implied2(s, n)
	local value = x12.number(s, n)
	if not value or string.find(s.node[key(s, n)], ".", 1, true) then return value end
	return divide(value, "100")
end

-- An amount of type R in minor units.
function x12.amount(s, n, currency)
	return text.amount(x12.number(s, n), currency, x12.path(s, n))
end

-- Prices ------------------------------------------------------------------------------------------------------------

local per = {
	HP = "100", LC = "100", TC = "100", QH = "100", RC = "100", WC = "100", TP = "1000", LM = "1000", TM = "1000", QS = "1000",
	RM = "1000", WM = "1000", PD = "12", LD = "12", TD = "12", RD = "12", WD = "12", PN = "10", HT = "100000",
}
local measures = { PP = "LB", PK = "KG", PG = "GR", PO = "OZ", PF = "FT", PY = "YD", PL = "LT", HF = "-", PS = "-", PT = "-" }

-- A price with its basis (PO105, element 639) as the price of one. Six places are kept: 10 per dozen is 0.833333, which moves
-- the line by less than a cent below 10 000 pieces. Held when it is per pound, foot, ... of what is ordered in another unit.
function x12.price_of_one(price, basis, unit, path)
	if measures[basis or ""] and measures[basis] ~= unit then
		hold("price-by-weight", path, "the price is per another measure (" .. basis .. ") than the quantity (" ..
			tostring(unit) .. "): enter it by hand, then dismiss this")
	end
	return per[basis or ""] and divide(price, per[basis]) or price
end

-- What we are paid: unit cost, contract, net, wholesale. Others are what the buyer takes for it (RES, MSR).
local ours = { UCP = true, CON = true, NET = true, WHL = true }

-- The price of one: `price` with `basis`, else that of the loop's CTP segments; times the discount's multiplier if there is
-- one (.90 is 10 % off). Nil when the document has none.
function x12.price(loop, price, basis, unit, path)
	if not price and basis == "NC" then return "0" end
	for _, ctp in ipairs(x12.all(loop, "CTP")) do
		if not price and ours[x12.get(ctp, 2) or ""] then
			price, basis, path = x12.number(ctp, 3), x12.get(ctp, 9), x12.path(ctp, 3)
		end
	end
	if not price then return nil end
	price = x12.price_of_one(price, basis, unit, path)
	local off = x12.first(loop, "CTP", 6, "DIS")
	if off then
		local factor = x12.number(off, 7)
		local micro = factor and amounts.micro(factor)
		local less = micro and micro <= 1000000 and amounts.product(price, factor)
		if not less then refuse("field-range", x12.path(off, 7), "is no multiplier for a discount: .90 is 10 % off") end
		price = less
	end
	return price
end

-- SAC: allowances and charges ---------------------------------------------------------------------------------------

-- Settled beside the invoice (SAC12): billed back, by check, credit, paid by the vendor, denied, cancelled, for information.
local beside = {
	["01"] = true, ["03"] = true, ["04"] = true, ["05"] = true, ["09"] = true, ["10"] = true, ["11"] = true, ["12"] = true,
	["15"] = true,
}
local net = { ["2"] = true, ["4"] = true, ["7"] = true } -- SAC06: percent of what is left after discounts
local kinds = { D240 = "shipping", G821 = "shipping", G830 = "shipping", H850 = "tax" }

-- { kind, reason, amount_minor }, negative for an allowance; nil when it concerns no money of the order.
-- of: { currency, gross_minor, net_minor, quantity }, what percents and rates are of; quantity may be nil.
-- SAC05 is what it comes to and wins over the percent (SAC07) and the rate (SAC08) that it came from.
function x12.sac(s, of)
	local sign = ({ A = -1, C = 1 })[x12.get(s, 1) or ""]
	local code = x12.get(s, 2)
	if not sign or beside[x12.get(s, 12) or ""] then return nil end
	local whole, percent, rate = x12.implied2(s, 5), x12.number(s, 7), x12.number(s, 8)
	local quantity, minor = x12.number(s, 10) or of.quantity, nil
	if whole then
		minor = text.amount(whole, of.currency, x12.path(s, 5))
	elseif percent then
		local base = net[x12.get(s, 6) or ""] and of.net_minor or of.gross_minor
		local share = divide(percent, "100")
		minor = share and gross(share, amounts.decimal(base, of.currency), of.currency)
	elseif rate and quantity then
		minor = gross(quantity, rate, of.currency)
	end
	if not minor then
		hold("allowance-open", s.path, "an allowance or charge without its amount: ask the partner what it comes to, enter " ..
			"the order by hand, then dismiss this")
	end
	return {
		kind = kinds[code or ""] or (sign < 0 and "discount" or "charge"), amount_minor = sign * minor,
		reason = x12.words(s, 15, 256) or text.join("SAC", code or x12.get(s, 4)),
	}
end

-- Products ----------------------------------------------------------------------------------------------------------

local gtins = { UP = true, UA = true, UI = true, UK = true, EN = true, EO = true }
-- Ours before theirs: we are the vendor. Theirs need a line in item_aliases.csv. A style (VA, IT) is of many sizes and colours.
local numbers = { "VN", "VP", "VC", "SK", "BP", "IN", "CB", "PI", "PN" }

-- Pairs of qualifier and id from element n on, in any order: { VN = "TR-1001", UP = … }. The first of a qualifier counts.
function x12.ids(s, n)
	local ids = {}
	for k = n, n + 18, 2 do
		local qualifier, id = x12.get(s, k), x12.get(s, k + 1)
		if qualifier and id and not ids[qualifier] then
			ids[qualifier] = id
			ids[#ids + 1] = qualifier
		end
	end
	return ids
end

-- sku, gtin. What is called a UPC and is none is the sku when there is no better, so that somebody can see what was meant.
function x12.item(s, n)
	local ids, sku, gtin, other = x12.ids(s, n), nil, nil, nil
	for _, qualifier in ipairs(numbers) do sku = sku or ids[qualifier] end
	for _, qualifier in ipairs(ids) do
		gtin = gtin or (gtins[qualifier] and text.gtin14(ids[qualifier]))
		other = other or ids[qualifier]
	end
	if not other then refuse("field-missing", x12.path(s, n + 1), "is required: the item ordered") end
	return sku or (not gtin and other or nil), gtin
end

-- PID: what the partner calls it.
function x12.description(loop)
	local said = nil
	for _, pid in ipairs(x12.all(loop, "PID")) do
		local words = x12.words(pid, 5, 1024)
		said = said and words and said .. ", " .. words or said or words
	end
	return text.free(said, 1024)
end

-- SDQ: how a line is divided among stores. { { store, quantity, path } … }, over all SDQ of the line.
function x12.stores(loop)
	local stores = {}
	for _, sdq in ipairs(x12.all(loop, "SDQ")) do
		for n = 3, 21, 2 do
			local store = x12.get(sdq, n)
			if store then
				local quantity = x12.number(sdq, n + 1)
				if not quantity then refuse("field-missing", x12.path(sdq, n + 1), "is required: how many for store " .. store) end
				stores[#stores + 1] = { store = store, quantity = quantity, path = x12.path(sdq, n) }
			end
		end
	end
	return stores
end

-- References ----------------------------------------------------------------------------------------------------------

local addressing = { "ISA05", "ISA06", "ISA07", "ISA08", "ISA15" }

-- What the partner wants to hear again: how it addressed us, the order's release and date, and all of its REF (lib/x12_out.lua).
function x12.references(unit, head, release, date)
	local refs = {}
	local function put(qualifier, value)
		if value and value ~= "" then refs[#refs + 1] = { qualifier = qualifier, value = value } end
	end
	for _, name in ipairs(addressing) do put(name, unit.interchange[name]) end
	put("GS02", unit.group and unit.group.GS02)
	put("GS03", unit.group and unit.group.GS03)
	put("release", release)
	put("date", date)
	for _, ref in ipairs(x12.all(x12.before(head, "N1"), "REF")) do
		if x12.get(ref, 1) and #refs < 100 then put(x12.get(ref, 1), x12.words(ref, 2, 256)) end
	end
	return refs
end

-- Of a line: its unit, price and basis as they were written, and all ids of the item. `at` says in which elements.
function x12.line_references(l, at)
	local refs = {}
	local function put(qualifier, value)
		if value then refs[#refs + 1] = { qualifier = qualifier, value = value } end
	end
	put("unit", x12.component(l, at.unit))
	put("price", x12.get(l, at.price))
	put("basis", x12.get(l, at.basis))
	local ids = x12.ids(l, at.ids)
	for _, qualifier in ipairs(ids) do put(qualifier, ids[qualifier]) end
	return refs
end

-- Acknowledgements ------------------------------------------------------------------------------------------------------

local verdicts = { A = "accepted", E = "with-errors" } -- all else is rejected, P too: a group of ours holds one transaction

-- 997, 999 and TA1 as the contract acknowledgement; `control` is that of our group or interchange.
function x12.acknowledgement(unit)
	local tx, said = x12.read(unit), {}
	local ta1, ak1, ak9 = x12.first(tx, "TA1"), x12.first(tx, "AK1"), x12.first(tx, "AK9")
	if not ta1 and not (ak1 and ak9) then refuse("field-missing", "AK9", "is required: what the partner says of the group") end
	local control = ta1 and x12.need(ta1, 1, "our control number") or not ta1 and x12.need(ak1, 2, "our control number")
	about(text.join(unit.set, control))
	local code = ta1 and x12.need(ta1, 4, "the verdict") or not ta1 and x12.need(ak9, 1, "the verdict")
	if ta1 and x12.get(ta1, 5) and code ~= "A" then said[1] = "TA1 note " .. x12.get(ta1, 5) end
	for _, s in ipairs(tx) do
		local is_set = s.tag == "AK5" or s.tag == "IK5"
		if is_set and x12.get(s, 1) == "A" then s = { tag = "" } end
		if is_set or s.tag == "AK3" or s.tag == "AK4" or s.tag == "IK3" or s.tag == "IK4" then
			local words = { s.tag }
			for n = 1, s.tag ~= "" and 5 or 0 do words[#words + 1] = x12.words(s, n, 60) end
			if s.tag ~= "" then said[#said + 1] = table.concat(words, " ") end
		end
	end
	local digits = string.match(control, "^0*(%d+)$")
	return { control = digits or control, verdict = verdicts[code] or "rejected",
		reason = #said > 0 and text.free(table.concat(said, "; "), 512) or nil }
end

-- Parties -----------------------------------------------------------------------------------------------------------

local function contact_into(party, loop)
	local contact = x12.first(loop, "PER")
	if not contact then return end
	party.person = x12.words(contact, 2, 256)
	for n = 3, 7, 2 do
		local what = x12.get(contact, n)
		if what == "TE" then party.phone = x12.words(contact, n + 1, 64) end
		if what == "EM" then party.email = x12.words(contact, n + 1, 256) end
	end
end

-- Of an N1 loop: { role, id, qualifier, gln, company, name, line1 … country, person, phone, email, path }. An id is a GLN
-- when its qualifier is UL; 92 is the partner's own number, 1 and 9 are DUNS. Without N404 the state tells US from CA.
function x12.party(loop)
	local n1, n2, n4 = loop[1], x12.first(loop, "N2"), x12.first(loop, "N4")
	local party = {
		role = x12.get(n1, 1), company = x12.words(n1, 2, 256), qualifier = x12.get(n1, 3), id = x12.get(n1, 4), path = n1.path,
		name = n2 and x12.words(n2, 1, 256),
	}
	if party.qualifier == "UL" then party.gln, party.id = party.id, nil end
	local lines = {}
	for _, n3 in ipairs(x12.all(loop, "N3")) do
		for n = 1, 2 do lines[#lines + 1] = x12.words(n3, n, 256) end
	end
	party.line1, party.line2 = lines[1], #lines > 1 and text.free(table.concat(lines, ", ", 2), 256) or nil
	if n4 then
		local region = x12.words(n4, 2, 64)
		party.city, party.postal_code = x12.words(n4, 1, 128), x12.get(n4, 3)
		party.country = places.country(x12.get(n4, 4) or places.country_of(region))
		party.region = places.region(region, party.country)
	end
	contact_into(party, loop)
	return party
end

-- The parties of all N1 loops among these segments, in their order.
function x12.parties(segments, ...)
	local parties = {}
	for i, loop in ipairs(x12.loops(segments, "N1", ...)) do parties[i] = x12.party(loop) end
	return parties
end

function x12.party_of(parties, role)
	for _, p in ipairs(parties) do
		if p.role == role then return p end
	end
	return nil
end

-- As the contract has an address; nil for nil.
function x12.address(p)
	return p and {
		name = p.name or (p.person ~= p.company and p.person or nil), company = p.company, line1 = p.line1, line2 = p.line2,
		city = p.city, region = p.region, postal_code = p.postal_code, country = p.country, phone = p.phone, email = p.email,
		gln = p.gln, location = p.qualifier ~= "UL" and p.id or nil,
	}
end

-- Do two parties mean the same place? By their number when both have one, else by what is written on the parcel.
function x12.is_same_place(a, b)
	local x, y = a.gln or a.id, b.gln or b.id
	if x or y then return x == y and a.qualifier == b.qualifier end
	return a.company == b.company and a.line1 == b.line1 and a.city == b.city and a.postal_code == b.postal_code
end

return x12
