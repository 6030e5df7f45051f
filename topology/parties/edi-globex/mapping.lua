-- EDIFACT ORDERS (D.93A to D.03B, EANCOM), each message one order, and ORDCHG; other messages are ignored.
-- The order's key is the buyer (NAD+BY, else the sender of the interchange) and its document number (BGM; RFF+ON of an ORDCHG).
-- A later ORDERS with the same number and function 4 or 5 takes the whole order's place; function 1 cancels it. So do 5 and 1 of
-- an ORDCHG; its function 4 is merged into the order, line by line as LIN 1229 says.
-- It is sent ORDRSP, DESADV and INVOIC (lib/edifact_out.lua); its CONTRL say what it thinks of them.
local edifact, text, amounts, adjustments = lib("edifact"), lib("text"), lib("amounts"), lib("adjustments")
local out = lib("edifact_out")
local el, find = edifact.el, edifact.find


local functions = { ["1"] = "cancel", ["4"] = "change", ["5"] = "change", ["7"] = "new", ["9"] = "new" }
local change_functions = { ["1"] = "cancel", ["4"] = "partial", ["5"] = "change" }
local actions = { ["1"] = "add", ["2"] = "remove", ["3"] = "change" } -- LIN 1229; 4 is no action
local of_nad = { LOC = true, FII = true, RFF = true, DOC = true, CTA = true, COM = true }
local of_alc = { ALI = true, QTY = true, RNG = true, PCD = true, MOA = true, RTE = true, CUX = true, DTM = true, TAX = true }
local of_place = { QTY = true, DTM = true, FTX = true, RFF = true }
local of_header, of_line = { NAD = of_nad, ALC = of_alc }, { ALC = of_alc, LOC = of_place, SCC = of_place }
local gtin_codes = { EN = true, SRV = true, UP = true, EAN = true, UPC = true, GTIN = true }
local buyer_codes = { IN = true, BP = true }
local each = { PCE = true, EA = true, C62 = true, H87 = true, NAR = true } -- codes of the same unit

local function check(unit)
	about(text.join(unit.type, unit.reference))
	if not unit.type then edifact.sound(unit.faults, "UNH") end
	if unit.type ~= "ORDERS" and unit.type ~= "ORDCHG" then ignore("message-type", tostring(unit.type) .. " is no order") end
	if unit.interchange.is_test then ignore("order-test", "the interchange has the test indicator") end
	edifact.sound(unit.faults, "message " .. tostring(unit.reference))
	-- A whole message stands by itself, whatever its interchange's trailer says; without a header nobody knows whose it is.
	edifact.sound(unit.interchange.faults, "UNB", "edifact-header")
	if unit.group then edifact.sound(unit.group.faults, "UNG", "edifact-header") end
end

-- What the order is: new, change, partial or cancel.
local function purpose(bgm, is_change)
	local code, kind = el(bgm, 3) or (is_change and "4" or "9"), el(bgm, 1)
	local known = is_change and change_functions or functions
	if kind == "221" then
		hold("order-blanket", "BGM.1",
			"a blanket order: nothing is shipped before it is called off; enter it by hand, then dismiss this")
	elseif kind == "227" then
		hold("order-consigned", "BGM.1", "the goods stay ours and are not invoiced: enter it by hand, then dismiss this")
	end
	if not known[code] then
		hold("order-function", "BGM.3",
			"function " .. code .. " is neither a new order, a replacement nor a cancellation: ask the sender, then dismiss this")
	end
	return known[code]
end

local function currency_of(tags)
	for _, cux in ipairs(tags.CUX or {}) do
		for e = 1, 2 do
			if el(cux, e) == "2" and el(cux, e, 2) then return el(cux, e, 2) end
		end
	end
	return party.currency
end

-- NAD groups by their qualifier; the first of each.
local function parties_of(groups)
	local parties = {}
	for _, g in ipairs(groups) do
		local qualifier = el(g.NAD[1], 1)
		if qualifier and not parties[qualifier] then parties[qualifier] = g end
	end
	return parties
end

local function nad_of(parties, ...)
	for i = 1, select("#", ...) do
		local group = parties[select(i, ...)]
		if group then return group.NAD[1] end
	end
end

-- Our number of the item, else the buyer's; its GTIN; the buyer's number; our number again.
local function item_of(tags, lin)
	local sku, buyers, gtin, other = nil, nil, nil, nil
	local function take(id, code)
		if not id then return end
		if gtin_codes[code or ""] or (not code and text.gtin(id)) then
			gtin = gtin or text.gtin(id)
			other = other or id
		elseif code == "SA" or code == "VP" or code == "VN" then
			sku = sku or id
		elseif buyer_codes[code or ""] then
			buyers = buyers or id
		else
			other = other or id
		end
	end
	take(el(lin, 3), el(lin, 3, 2))
	for _, pia in ipairs(tags.PIA or {}) do
		local use = el(pia, 1)
		if use == "1" or use == "5" then -- 3 and 4 name what it takes the place of
			for e = 2, 6 do take(el(pia, e), el(pia, e, 2)) end
		end
	end
	return sku or buyers or other, gtin, buyers, sku
end

local function description(tags)
	local words
	for _, imd in ipairs(tags.IMD or {}) do words = text.join(words, edifact.joined(imd, 3, 4, 5)) end
	return text.free(words or edifact.words(find(tags, "FTX", "AFM")), 1024)
end

local function quantity(tags, path)
	local found
	for _, qty in ipairs(tags.QTY or {}) do
		if el(qty, 1) == "21" then
			if found then
				hold("quantity-several", path .. "QTY+21",
					"two ordered quantities in one line: enter the order by hand, then dismiss this")
			end
			found = qty
		end
	end
	return edifact.number(el(found, 1, 2), path .. "QTY+21", "the ordered quantity"), el(found, 1, 3)
end

-- The price of one, and whether the line's allowances and charges are still to be applied to it: AAA holds them already.
local function price_of(tags, path)
	local pri = find(tags, "PRI", "AAA", "AAB")
	if not pri or not el(pri, 1, 2) then
		hold("price-missing", path .. "PRI",
			"the line has no price (PRI+AAA or AAB): ask for it, or enter the order by hand, then dismiss this")
	end
	path = path .. "PRI+" .. el(pri, 1)
	local price, basis = edifact.number(el(pri, 1, 2), path), el(pri, 1, 5)
	if basis then
		price = divide(price, edifact.number(basis, path))
		if not price then refuse("field-range", path, "is a price per " .. basis .. " units") end
	end
	return price, el(pri, 1) == "AAB", el(pri, 1, 6)
end

-- What one ALC group comes to, in minor units; nil when it says neither amount nor a percentage.
local function alc_amount(tags, base, currency, path)
	local amount = edifact.amount(find(tags, "MOA", "8", "204", "23"), currency, path)
	if amount then return amount, false end
	local pcd = (tags.PCD or {})[1]
	if not el(pcd, 1, 2) then return nil end
	local share = divide(edifact.number(el(pcd, 1, 2), path .. "PCD"), "100")
	return share and gross(share, amounts.decimal(base, currency), currency), true
end

-- ALC groups as { kind, reason, amount, tax } with signed amounts; base is what percentages are of.
local function allowances(groups, base, currency, path)
	local all, shares = {}, 0
	for _, tags in ipairs(groups) do
		local alc = tags.ALC[1]
		local kind = el(alc, 1)
		if kind == "A" or kind == "C" then
			local where = path .. "ALC+" .. kind .. "/"
			local amount, is_share = alc_amount(tags, base, currency, where)
			shares = shares + (is_share and 1 or 0)
			if not amount or shares > 1 then
				hold("allowance-unclear", where,
					"no amount, or several percentages whose base is not said: enter the order by hand, then dismiss this")
			end
			local sign = kind == "A" and -1 or 1
			all[#all + 1] = {
				kind = kind == "A" and "discount" or el(alc, 5) == "FC" and "shipping" or "charge",
				reason = text.free(edifact.joined(alc, 5, 4, 5) or el(alc, 5), 256), amount = sign * amount,
				tax = sign * (edifact.amount(find(tags, "MOA", "124"), currency, where) or 0),
			}
		end
	end
	return all
end

local function price_unit_check(price_unit, unit, net, said, path)
	if not price_unit or not unit or price_unit == unit or (each[price_unit] and each[unit]) or said == net then return end
	hold("price-by-weight", path .. "PRI", "the price is per " .. price_unit .. ", the quantity is in " .. unit ..
		": enter it by hand, then dismiss this")
end

-- Places, date and words of a line.
local function said_of_line(tags, locs, ref, sums)
	local function place(s, wanted)
		if (el(s, 1) == wanted or el(s, 1) == "ST") and el(s, 2) then sums.places[el(s, 2)] = el(s, 2, 3) or "" end
	end
	for _, g in ipairs(locs) do place(g.LOC[1], "7") end
	for _, nad in ipairs(tags.NAD or {}) do place(nad, "DP") end
	local dtm = find(tags, "DTM", "2", "63", "64", "61", "10")
	if dtm then
		local value = (el(dtm, 1, 2) or "") .. ":" .. (el(dtm, 1, 3) or "")
		sums.days[value] = sums.days[value] or edifact.day(dtm, "LIN " .. ref .. "/")
		sums.dates[#sums.dates + 1] = { ref = ref, day = sums.days[value] }
		if sums.day == nil then sums.day = sums.days[value] elseif sums.day ~= sums.days[value] then sums.day = false end
	end
	for _, ftx in ipairs(tags.FTX or {}) do
		local words = el(ftx, 1) ~= "AFM" and edifact.words(ftx)
		if words then sums.notes[#sums.notes + 1] = "line " .. ref .. ": " .. words end
	end
end

-- Adds a line to the sums, unless it was deleted.
local function line(segments, sums, currency, kind)
	local lin = segments[1]
	sums.position = sums.position + 1
	local ref = el(lin, 1) or tostring(sums.position)
	local path = "LIN " .. ref .. "/"
	local tags, groups = edifact.by_tag(segments, of_line)
	if el(lin, 2) == "2" then return end -- deleted
	if el(lin, 4) == "1" then
		hold("order-sub-lines", path, "a part of another line: enter the order by hand, then dismiss this")
	end
	local n, unit = quantity(tags, path)
	if kind == "change" and amounts.is_zero(n) then return end
	local price, applies, price_unit = price_of(tags, path)
	local total = gross(n, price, currency)
	if not total then refuse("money-range", path, "quantity times price does not fit") end
	local sku, gtin, theirs = item_of(tags, lin)
	local l = {
		line_ref = ref, sku = sku, gtin = gtin, description = description(tags), quantity = n, unit = unit, unit_price = price,
		references = theirs and { { qualifier = "IN", value = theirs } } or nil,
		requires_shipping = true, tax_minor = edifact.amount(find(tags, "MOA", "124"), currency, path) or 0,
	}
	local discount, net = 0, total
	for _, a in ipairs(applies and allowances(groups.ALC, total, currency, path) or {}) do
		net = net + a.amount
		if a.amount < 0 then
			discount = discount - a.amount
			l.tax_minor = l.tax_minor + a.tax
		else
			adjustments.add(sums.adjustments, a.kind, text.free(text.join("line " .. ref .. ":", a.reason), 256), a.amount, a.tax)
			sums.tax = sums.tax + a.tax
		end
	end
	l.discount_minor = discount
	local said = edifact.amount(find(tags, "MOA", "203"), currency, path)
	price_unit_check(price_unit, unit, net, said, path)
	sums.lines[#sums.lines + 1] = l
	sums.gross, sums.said, sums.tax = sums.gross + total, sums.said + (said or net), sums.tax + l.tax_minor
	sums.net = sums.net + net
	said_of_line(tags, groups.LOC, ref, sums)
end

-- Where it goes: the delivery party, else the only place that its lines name, else the buyer.
local function ship_to(parties, said)
	local nad, place, code = nad_of(parties, "DP", "ST"), nil, nil
	local id, count = el(nad, 2), 0
	for p, c in pairs(said) do
		if p ~= id then
			place, code = p, c
			count = count + 1
		end
	end
	if count > (nad and 0 or 1) then
		hold("ship-to-several", "LIN", "its lines go to several places: enter it by hand, order by order, then dismiss this")
	end
	if nad or count == 0 then return edifact.address(nad or nad_of(parties, "BY")) end
	return { company = text.free(place, 256), gln = code == "9" and #place == 13 and place or nil }
end

-- The dates of single lines, which the contract does not have, stand in the note, and with them that of the whole.
local function note(tags, sums)
	local all, common = {}, nil
	for _, ftx in ipairs(tags.FTX or {}) do all[#all + 1] = edifact.words(ftx) end
	local header = find(tags, "DTM", "2", "63", "64", "61", "10")
	if header then
		common = edifact.day(header, "")
	elseif sums.day and #sums.dates == #sums.lines then
		common = sums.day
	end
	if common then all[#all + 1] = "deliver " .. common end
	for _, d in ipairs(sums.dates) do
		if d.day ~= common then all[#all + 1] = "line " .. d.ref .. ": deliver " .. d.day end
	end
	for _, words in ipairs(sums.notes) do all[#all + 1] = words end
	return #all > 0 and text.free(table.concat(all, "\n"), 4096) or nil
end

-- The dates that the header names, by their qualifiers (2005).
local dates_of = {
	["10"] = "ship_after_at", ["64"] = "deliver_after_at", ["2"] = "deliver_by_at", ["63"] = "deliver_by_at",
	["61"] = "cancel_after_at",
}

local function wanted(o, all)
	for _, dtm in ipairs(all or {}) do
		local name, code = dates_of[el(dtm, 1) or ""], el(dtm, 1, 3) or "102"
		if name and not o[name] and el(dtm, 1, 2) and edifact.is_date(code) then
			o[name] = edifact.instant(dtm, edifact.central_europe, "")
		end
	end
end

-- The message's totals. Without a grand total it is what the line amounts (MOA 203), which may disagree with the prices, and
-- the header's allowances give.
local function stated(summary, sums, currency)
	local function total(...) return edifact.amount(find(summary, "MOA", ...), currency, "") end
	local lines, tax = total("79"), total("124", "176")
	if tax and sums.tax == 0 then
		adjustments.add(sums.adjustments, "tax", "taxes of the order", 0, tax)
		sums.tax = tax
	end
	return {
		lines_minor = lines or sums.gross, discount_minor = total("260"), charges_minor = total("259"), tax_minor = tax,
		grand_minor = total("86", "128", "77", "9") or (lines or sums.said) + sums.header + (tax or sums.tax),
	}
end

local function count_check(summary, lines)
	local cnt = find(summary, "CNT", "2")
	local n = cnt and amounts.whole(edifact.number(el(cnt, 1, 2), "CNT+2"), "CNT+2")
	if n and n ~= lines then
		hold("lines-incomplete", "CNT+2",
			"it says " .. n .. " lines, and has " .. lines .. ": ask the sender, enter it by hand, then dismiss this")
	end
end

local function sums_of(lines, charges, currency, kind)
	local sums = {
		position = 0, lines = {}, adjustments = {}, places = {}, dates = {}, days = {}, notes = {},
		gross = 0, net = 0, said = 0, tax = 0, header = 0,
	}
	for _, segments in ipairs(lines) do line(segments, sums, currency, kind) end
	for _, a in ipairs(allowances(charges, sums.net, currency, "")) do
		adjustments.add(sums.adjustments, a.kind, a.reason, a.amount, a.tax)
		sums.header, sums.tax = sums.header + a.amount, sums.tax + a.tax
	end
	return sums
end

-- A change of some lines --------------------------------------------------------------------------------------------------

local function open(path, what)
	hold("change-partial", path, what .. ": ask the sender, enter the differences by hand, then dismiss this")
end

local function is_said(tags, tag, ...)
	return el(find(tags, tag, ...), 1, 2) ~= nil
end

-- What it says of a line that it does not say in full.
local function line_in_part(segments, ref, currency, path)
	local tags, groups = edifact.by_tag(segments, of_line)
	local l, price_unit, _ = { line_ref = ref, description = description(tags) }, nil, nil
	if #groups.ALC > 0 then open(path, "an allowance or charge of a line without quantity and price") end
	if is_said(tags, "QTY", "21") then l.quantity, l.unit = quantity(tags, path) end
	if is_said(tags, "PRI", "AAA", "AAB") then
		l.unit_price, _, price_unit = price_of(tags, path)
		l.unit = l.unit or price_unit
	end
	l.tax_minor = edifact.amount(find(tags, "MOA", "124"), currency, path)
	return l
end

local function line_changed(segments, sums, currency)
	local lin = segments[1]
	local ref, code = el(lin, 1), el(lin, 2)
	local path, action = "LIN " .. (ref or "") .. "/", actions[code or ""]
	if code == "4" then return end
	if not ref then open(path, "a line without a number") end
	if not action then open(path, "what is done with a line (LIN 1229: 1 added, 2 deleted, 3 changed) is not said") end
	local tags = edifact.by_tag(segments, of_line)
	local has_quantity, has_price = is_said(tags, "QTY", "21"), is_said(tags, "PRI", "AAA", "AAB")
	if action == "change" and has_quantity and amounts.is_zero(quantity(tags, path)) then action = "remove" end
	if action ~= "remove" and has_price and amounts.is_zero(price_of(tags, path)) then open(path, "a line becomes free") end
	local l
	if action == "remove" then
		l = { line_ref = ref }
	elseif action == "add" or (has_quantity and has_price) then
		line(segments, sums, currency, "new")
		l = sums.lines[#sums.lines]
	else
		l = line_in_part(segments, ref, currency, path)
	end
	if #sums.adjustments > 0 then open(path, "a charge of a line") end
	l.action = action
	if action ~= "add" then
		local _, gtin, _, ours = item_of(tags, lin)
		l.gtin, l.sku, l.references = gtin, ours, nil -- both must be the known line's; the buyer may have several numbers
	end
	return l
end

-- Merged into the order that is known: what it does not say stays.
local function change(o, parties, tags, groups, lines, summary)
	local sums, all, is_elsewhere = sums_of({}, {}, o.currency, "new"), {}, false
	if #groups.ALC > 0 then open("ALC", "an allowance or charge of the whole order") end
	for _, segments in ipairs(lines) do all[#all + 1] = line_changed(segments, sums, o.currency) end
	for _ in pairs(sums.places) do is_elsewhere = true end
	if is_elsewhere or nad_of(parties, "DP", "ST") then o.ship_to = ship_to(parties, sums.places) end
	local total = edifact.amount(find(summary, "MOA", "86", "128", "77", "9"), o.currency, "")
	o.bill_to, o.note = edifact.address(nad_of(parties, "IV", "BT")), note(tags, sums)
	o.stated = total and { grand_minor = total }
	wanted(o, tags.DTM)
	o.kind, o.placed_at, o.prices_include_tax, o.buyer, o.lines = "change", nil, nil, nil, all
	return o
end

local function order(unit)
	check(unit)
	local header, lines, summary = edifact.sections(unit.segments)
	local tags, groups = edifact.by_tag(header, of_header)
	local parties = parties_of(groups.NAD)
	local bgm, buyer, is_change = (tags.BGM or {})[1], nad_of(parties, "BY"), unit.type == "ORDCHG"
	local number = el(bgm, 2)
	if is_change then number = el(find(tags, "RFF", "ON"), 1, 2) end
	if not number then
		refuse("field-missing", is_change and "RFF+ON" or "BGM.2", "is required: the order's number")
	end
	about(number)
	local account = el(buyer, 2) or unit.interchange.sender
	if string.find(account, "/", 1, true) then
		refuse("field-text", "NAD+BY", "has a /, which parts it from the document's number in the order's key")
	end
	local kind, currency = purpose(bgm, is_change), currency_of(tags)
	local placed_at = edifact.instant(find(tags, "DTM", "137", "4"), edifact.central_europe, "")
	local o = {
		source_id = account .. "/" .. number, source_number = number, revision = edifact.prepared(unit.interchange),
		kind = kind == "cancel" and "cancel" or "new", placed_at = placed_at, currency = currency, prices_include_tax = false,
		buyer = { account = account, gln = edifact.gln(buyer) },
	}
	if buyer then
		local contact = edifact.contact(parties.BY)
		o.buyer.company = edifact.address(buyer).company
		o.buyer.name, o.buyer.phone, o.buyer.email = contact.name, contact.phone, contact.email
	end
	if kind == "cancel" then return o end -- its lines say nothing new
	local last = edifact.by_tag(summary)
	count_check(last, #lines)
	if kind == "partial" then return change(o, parties, tags, groups, lines, last) end
	local sums = sums_of(lines, groups.ALC, currency, kind)
	o.bill_to = edifact.address(nad_of(parties, "IV", "BT", "BY"))
	o.ship_to = ship_to(parties, sums.places)
	o.stated = stated(last, sums, currency)
	o.lines, o.adjustments, o.payment_status, o.note = sums.lines, sums.adjustments, "pending", note(tags, sums)
	o.references = edifact.references(unit.interchange, nad_of(parties, "SU", "SE"), find(tags, "DTM", "137", "4"))
	wanted(o, tags.DTM)
	return o
end

local function kind(unit)
	return unit.type == "CONTRL" and "acknowledgement" or "order"
end

return {
	split = edifact.messages, kind = kind, order = order, acknowledgement = edifact.acknowledgement,
	order_response = out.order_response, ship_notice = out.ship_notice, invoice = out.invoice,
}
