-- EDIFACT messages as shared/formats/edifact.h gives them: their elements, groups, dates, parties and numbers.
local text, places, field, amounts = lib("text"), lib("places"), lib("field"), lib("amounts")
local edifact = {}

-- The text of a component, both from 1, whichever way the sender wrote the element; of the first one when it is repeated;
-- nil for nothing.
edifact.el = edifact_element

local el = edifact.el

-- Components first to last that are there, joined by `by` (a blank when it is left out).
function edifact.joined(segment, element, first, last, by)
	if not segment then return nil end
	local all = {}
	for c = first, last do all[#all + 1] = el(segment, element, c) end
	return #all > 0 and table.concat(all, by or " ") or nil
end

-- The units of a document: each message with what its interchange and group say, and the faults of each level.
function edifact.messages(doc)
	local units = {}
	local function put(interchange, group, list)
		for i = 1, #list do
			local m = list[i]
			units[#units + 1] = {
				type = m.type, reference = m.reference, version = m.version, release = m.release, segments = m.segments,
				faults = m.faults, interchange = interchange, group = group,
			}
		end
	end
	for i = 1, #doc.interchanges do
		local one = doc.interchanges[i]
		local unb = one.UNB
		local interchange = {
			sender = el(unb, 2), sender_code = el(unb, 2, 2), recipient = el(unb, 3), recipient_code = el(unb, 3, 2),
			syntax = el(unb, 1), syntax_version = el(unb, 1, 2), reference = el(unb, 5),
			prepared = text.join(el(unb, 4), el(unb, 4, 2)), is_test = el(unb, 11) == "1", decimal = one.separators.decimal,
			faults = one.faults,
		}
		for g = 1, #(one.groups or {}) do
			local group = one.groups[g]
			put(interchange, { reference = el(group.UNG, 5), faults = group.faults }, group.messages)
		end
		put(interchange, nil, one.messages or {})
	end
	return units
end

-- Refuses with the first of these faults; with `only`, with the first of that code.
function edifact.sound(faults, path, only)
	for i = 1, #(faults or {}) do
		if not only or faults[i].code == only then refuse(faults[i].code, path, faults[i].text) end
	end
end

-- A message's segments before the first LIN, those of each LIN up to the next, and those after UNS+S.
function edifact.sections(segments)
	local header, lines, summary = {}, {}, {}
	local open = header
	for i = 1, #segments do
		local s = segments[i]
		if s.tag == "LIN" and open ~= summary then
			open = {}
			lines[#lines + 1] = open
		elseif s.tag == "UNS" and el(s, 1) == "S" then
			open = summary
		end
		open[#open + 1] = s
	end
	return header, lines, summary
end

-- Segments by their tag: { QTY = { … }, PIA = { … } }. Those of groups stand apart: with `members` { ALC = { MOA = true } }
-- an ALC and the MOAs right after it are one of the second result's { ALC = { { ALC = { … }, MOA = { … } } } }.
function edifact.by_tag(segments, members)
	local tags, groups, into, inside = {}, {}, nil, nil
	for begin in pairs(members or {}) do groups[begin] = {} end
	into = tags
	for i = 1, #segments do
		local s = segments[i]
		local tag = s.tag
		if groups[tag] then
			into, inside = {}, members[tag]
			groups[tag][#groups[tag] + 1] = into
		elseif inside and not inside[tag] then
			into, inside = tags, nil
		end
		local list = into[tag]
		if list then list[#list + 1] = s else into[tag] = { s } end
	end
	return tags, groups
end

-- The first segment of a tag whose element 1 begins with one of the qualifiers, which are tried in their order.
function edifact.find(tags, tag, ...)
	local list = tags[tag]
	if not list then return nil end
	for _, qualifier in ipairs({ ... }) do
		for i = 1, #list do
			if el(list[i], 1) == qualifier then return list[i] end
		end
	end
end

-- A number as a plain decimal. Either mark may stand for the decimal mark (ISO 9735-1 section 10); there is no thousands
-- mark.
function edifact.number(value, path, what)
	value = field.need(value, path, what or "a number")
	local plain = edifact_number(value)
	if not plain then refuse("field-type", path, value .. " is no number") end
	return plain
end

-- The amount of a MOA in minor units, or nil when there is none; more places than the currency has are rounded.
function edifact.amount(moa, currency, path)
	if not moa or not el(moa, 1, 2) then return nil end
	local own = el(moa, 1, 3)
	path = path .. "MOA+" .. el(moa, 1)
	if own and own ~= currency then refuse("currency-mixed", path, "is in " .. own .. ", the order in " .. currency) end
	return amounts.rounded(edifact.number(el(moa, 1, 2), path), currency, path)
end

local function days_of(year, month)
	if month == 2 then return (year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)) and 29 or 28 end
	return (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
end

-- The last Sunday of March (key 2) or October (key 6).
local function last_sunday(year, key)
	return 31 - (year + year // 4 - year // 100 + year // 400 + key + 31) % 7
end

-- Central European time as an offset: summer from 2:00 on the last Sunday of March to 3:00 on the last one of October.
function edifact.central_europe(year, month, day, hour)
	local summer = month > 3 and month < 10
	if month == 3 then
		local sunday = last_sunday(year, 2)
		summer = day > sunday or (day == sunday and hour >= 2)
	elseif month == 10 then
		local sunday = last_sunday(year, 6)
		summer = day < sunday or (day == sunday and hour < 3)
	end
	return summer and "+02:00" or "+01:00"
end

-- Digits by format code (2379), and the zones that 303 and 304 end with.
local formats = {
	["2"] = "ddmmyy", ["101"] = "yymmdd", ["102"] = "ccyymmdd", ["201"] = "yymmddhhmi", ["202"] = "yymmddhhmiss",
	["203"] = "ccyymmddhhmi", ["204"] = "ccyymmddhhmiss", ["303"] = "ccyymmddhhmi", ["304"] = "ccyymmddhhmiss",
	["718"] = "ccyymmdd",
}
local zones = { UTC = "Z", GMT = "Z", Z = "Z", CET = "+01:00", MEZ = "+01:00", CEST = "+02:00", MES = "+02:00" }

local function zone_of(code, rest, path)
	if rest == "" or code == "718" then return nil end
	if code ~= "303" and code ~= "304" then refuse("field-type", path, "is longer than its format " .. code) end
	local sign, hours = string.match(rest, "^([+-])(%d%d)$")
	if sign then return sign .. hours .. ":00" end
	if not zones[rest] and string.find(rest, "%D") then
		refuse("field-type", path, "is in the time zone " .. rest .. ", which is not known")
	end
	return zones[rest] -- digits are a code of the partners' own: local time
end

local function parts_of(value, layout)
	local p, at_ = {}, 1
	for i = 1, #layout, 2 do
		p[string.sub(layout, i, i + 1)] = tonumber(string.sub(value, at_, at_ + 1))
		at_ = at_ + 2
	end
	local year = p.cc and p.cc * 100 + p.yy or 2000 + p.yy
	return year, p.mm, p.dd, p.hh or 0, p.mi or 0, p.ss or 0
end

-- A DTM as RFC 3339, "2018-12-06T16:07:00+01:00", and its day. `local_zone` gives the offset of what has none; a day is its
-- midnight there, a period (718) its first day.
function edifact.instant(dtm, local_zone, path)
	local value, code = el(dtm, 1, 2), el(dtm, 1, 3) or "102"
	path = path .. "DTM+" .. (el(dtm, 1) or "")
	value = field.need(value, path, "a date")
	local layout = formats[code]
	if not layout then refuse("field-type", path, "is in the date format " .. code .. ", which is not read") end
	local digits, rest = string.sub(value, 1, #layout), string.sub(value, #layout + 1)
	if #digits < #layout or string.find(digits, "%D") then
		refuse("field-type", path, value .. " is no date of format " .. code)
	end
	local year, month, day, hour, minute, second = parts_of(digits, layout)
	if hour == 24 and minute == 0 and second == 0 then hour, minute, second = 23, 59, 59 end -- the end of its day
	if month < 1 or month > 12 or day < 1 or day > days_of(year, month) or hour > 23 or minute > 59 or second > 59 then
		refuse("field-type", path, value .. " is no date of format " .. code)
	end
	local zone = zone_of(code, rest, path) or local_zone(year, month, day, hour)
	local date = string.format("%04d-%02d-%02d", year, month, day)
	return date .. string.format("T%02d:%02d:%02d", hour, minute, second) .. zone, date
end

-- Is it a format (2379) that `instant` reads?
function edifact.is_date(code)
	return formats[code] ~= nil
end

-- Its day for people: a week, or what else stands there in a format that is not read, as it was written.
function edifact.day(dtm, path)
	local code = el(dtm, 1, 3) or "102"
	if not formats[code] then return tostring(el(dtm, 1, 2)) .. " (format " .. code .. ")" end
	return select(2, edifact.instant(dtm, edifact.central_europe, path))
end

-- When an interchange was prepared, as digits that later ones are greater than: 20181205160700.
function edifact.prepared(interchange)
	local date, time = string.match(interchange.prepared or "", "^(%d+) (%d+)$")
	if not date or (#date ~= 6 and #date ~= 8) then return nil end
	return (#date == 6 and "20" or "") .. date .. string.sub(time .. "00", 1, 6)
end

function edifact.gln(nad)
	local id = el(nad, 2)
	return id and el(nad, 2, 3) == "9" and #id == 13 and not string.find(id, "%D") and id or nil
end

-- NAD+DP+4012345000016::9++Name+Street+City++Postcode+DE. C058, when it is used in place of C080, is lines as on a letter.
function edifact.address(nad)
	if not nad then return nil end
	local company, line1, line2 = edifact.joined(nad, 4, 1, 5), el(nad, 5), edifact.joined(nad, 5, 2, 4)
	if not company and el(nad, 3) then
		company = el(nad, 3)
		line1, line2 = line1 or el(nad, 3, 2), line2 or edifact.joined(nad, 3, 3, 5)
	end
	local country = places.country(el(nad, 9))
	return {
		company = text.free(company, 256), line1 = text.free(line1, 256), line2 = text.free(line2, 256),
		city = text.free(el(nad, 6), 128), region = places.region(el(nad, 7), country), postal_code = el(nad, 8),
		country = country, gln = edifact.gln(nad),
	}
end

-- The name, phone and e-mail of a NAD's group.
function edifact.contact(tags)
	local cta, contact = (tags.CTA or {})[1], {}
	contact.name = text.free(el(cta, 2, 2) or el(cta, 2), 256)
	for _, com in ipairs(tags.COM or {}) do
		local kind = el(com, 1, 2)
		if kind == "TE" and not contact.phone then contact.phone = text.free(el(com, 1), 64) end
		if kind == "EM" and not contact.email then contact.email = el(com, 1) end
	end
	return contact
end

-- What the partner wants to hear again: how it addressed us, and what it calls us (lib/edifact_out.lua).
function edifact.references(interchange, supplier)
	local refs = {}
	local function put(qualifier, value)
		if value then refs[#refs + 1] = { qualifier = qualifier, value = value } end
	end
	put("sender", interchange.sender)
	put("sender-code", interchange.sender_code)
	put("recipient", interchange.recipient)
	put("recipient-code", interchange.recipient_code)
	put("syntax", interchange.syntax)
	put("syntax-version", interchange.syntax_version)
	put("supplier", el(supplier, 2))
	put("supplier-code", el(supplier, 2, 3))
	return refs
end

-- A CONTRL as the contract acknowledgement. UCI and UCM: 4 is rejected, 7 acknowledged, 8 received.
function edifact.acknowledgement(unit)
	local control, verdict, said = nil, "accepted", {}
	for i = 1, #unit.segments do
		local s = unit.segments[i]
		local is_uci, is_ucm = s.tag == "UCI", s.tag == "UCM"
		local action, fault = nil, nil
		if is_uci then
			control, action, fault = el(s, 1), el(s, 4), el(s, 5)
		elseif is_ucm then
			action, fault = el(s, 3), el(s, 4)
		elseif s.tag == "UCS" or s.tag == "UCD" then
			said[#said + 1] = text.join(s.tag, text.join(el(s, 1), el(s, 2)))
		end
		if action == "4" then verdict = "rejected" end
		if fault then said[#said + 1] = text.join(s.tag, fault) end
	end
	control = field.need(control, "UCI.1", "the reference of our interchange")
	about(text.join(unit.type, control))
	if verdict == "accepted" and #said > 0 then verdict = "with-errors" end
	return { control = control, verdict = verdict, reason = #said > 0 and text.free(table.concat(said, "; "), 512) or nil }
end

-- The free text of an FTX.
function edifact.words(ftx)
	return edifact.joined(ftx, 4, 1, 5)
end

return edifact
