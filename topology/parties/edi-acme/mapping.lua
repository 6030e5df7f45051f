-- Acme Stores: X12 850 (order) and 860 (change) of 004010 and later; lib/x12.lua reads, this says what Acme means by it.
-- An order's key is its number, release and type (BEG03/BEG04/BEG02, BCH likewise): a blanket order and a release of it may have
-- one number. Its revision is when the group was sent (GS04, GS05), which compares 850 and 860. An order is paid on account.
-- It is sent 855, 856 and 810 (lib/x12_out.lua); its 997 and TA1 say what it thinks of them. An 846 is its stores' stock.
local text, amounts, adjustments, dates, x12 = lib("text"), lib("amounts"), lib("adjustments"), lib("dates"), lib("x12")
local out = lib("x12_out")


-- The units that item_units.csv names otherwise than X12.
local units = { BX = "BOX", DZ = "DOZ" }

-- Where Acme's own location numbers (N103 92) are, when N1*ST gives nothing else.
local locations = {
	["0107"] = {
		company = "Acme Stores", name = "Store 107", line1 = "2200 Commerce St", city = "Dallas", region = "TX",
		postal_code = "75201", country = "US",
	},
}

local acknowledgements = { ["997"] = true, ["999"] = true, TA1 = true }

-- POC02 of a line that goes on. What is only rescheduled (CT, RS, RQ, PR, …) is a person's: a line of ours has no dates.
local actions = {
	AI = "add", DI = "remove", CA = "change", MU = "change", PC = "change", PQ = "change", QD = "change", QI = "change",
}

-- Where 850 and 860 have what both say. `begin` is BEG or BCH, `line` PO1 or POC. POC03 is the quantity after the change.
local sets = {
	["850"] = { begin = "BEG", line = "PO1", date = 5, quantity = 2, unit = 3, price = 4, basis = 5, ids = 6 },
	["860"] = { begin = "BCH", line = "POC", date = 6, quantity = 3, unit = 5, price = 6, basis = 7, ids = 8 },
}

local function kind(unit)
	if acknowledgements[unit.set or ""] then return "acknowledgement" end
	return unit.set == "846" and "inventory" or "order"
end

local function look(unit)
	if not sets[unit.set or ""] then
		ignore("x12-set-not-ours", "transaction set " .. tostring(unit.set) .. ": 850, 860, 846 and 997 are taken here")
	end
	if unit.interchange.ISA15 == "T" then ignore("order-test", "a test interchange (ISA15 is T)") end
	local code, words = x12.fault(unit)
	if code then refuse("x12-faults", "faults", code .. ": " .. tostring(words)) end
end

-- What is changed -----------------------------------------------------------------------------------------------------

local function lines_text(loops, set)
	local said = {}
	for i, loop in ipairs(loops) do
		local l = loop[1]
		local sku, gtin = x12.item(l, set.ids)
		said[i] = (x12.get(l, 1) or tostring(i)) .. (set.line == "POC" and " " .. (x12.get(l, 2) or "") or "") .. " " ..
			(sku or gtin) .. (x12.get(l, set.quantity) and " x" .. x12.get(l, set.quantity) or "")
	end
	return #said > 0 and table.concat(said, "; ") or "none"
end

local function partial(path, what, loops, set)
	hold("change-partial", path, what .. ": change the order by hand, then dismiss this. Lines: " .. lines_text(loops, set))
end

-- Does a change say the whole order? Only that can be taken for the order that it changes, others are merged into it. One that names unchanged lines
-- (POC02 NC) names all, and when it states the total, the total shows whether it did.
local function is_whole(loops, total)
	for _, loop in ipairs(loops) do
		if total and x12.get(loop[1], 2) == "NC" then return true end
	end
	return false
end

-- new, cancel or change, from BEG01 or BCH01.
local function purpose(begin, set, loops, total)
	local code = x12.need(begin, 1, "the purpose of the transaction")
	if code == "01" then return "cancel" end
	if code == "05" or (set.line == "PO1" and (code == "00" or code == "07")) then return "new" end -- 07 is sent once more
	if code == "04" and set.line == "POC" then return is_whole(loops, total) and "new" or "change" end
	if code == "02" and set.line == "POC" then return "change" end -- its lines are AI
	if code == "06" then
		hold("order-confirming", x12.path(begin, 1), "it confirms an order that was given in another way: see whether it is in " ..
			"the books, enter it by hand if not, then dismiss this")
	end
	if code == "22" then ignore("order-copy", "an information copy") end
	if code == "04" or code == "02" or code == "03" or set.line == "POC" then
		partial(x12.path(begin, 1), "it changes some lines, and not as an 860 does", loops, set)
	end
	hold("status-unknown", x12.path(begin, 1), "purpose " .. code ..
		" is not known: teach the mapping what it means, then release this")
end

-- Lines -----------------------------------------------------------------------------------------------------------------

-- Tax amounts of these segments; what is inside of prices or for information is not counted.
local function tax_of(segments, currency)
	local minor = 0
	for _, txi in ipairs(x12.all(segments, "TXI")) do
		local relation = x12.get(txi, 7)
		if x12.get(txi, 2) and (relation == nil or relation == "A") then minor = minor + x12.amount(txi, 2, currency) end
	end
	return minor
end

-- The stores of a line must be all of it.
local function stores_check(loop, l, set)
	local stores, sum = x12.stores(loop), 0
	for _, s in ipairs(stores) do
		if s.store ~= stores[1].store then
			hold("ship-to-several", s.path, "its lines go to several stores: enter an order for each by hand, then dismiss this")
		end
		sum = sum + (amounts.micro(s.quantity) or 0)
	end
	if #stores > 0 and sum ~= amounts.micro(x12.number(l, set.quantity)) then
		hold("sdq-mismatch", stores[1].path, "the stores' quantities are not the line's: ask Acme, enter it by hand, then dismiss this")
	end
end

local function line(whole, position, set, currency, beside)
	local loop = x12.before(whole, "SLN") -- sublines tell what is in the item
	local l = loop[1]
	local quantity = x12.number(l, set.quantity)
	if not quantity then refuse("field-missing", x12.path(l, set.quantity), "is required: the ordered quantity") end
	local unit = text.some(x12.component(l, set.unit))
	local price = x12.price(loop, x12.number(l, set.price), x12.get(l, set.basis), unit, x12.path(l, set.price))
	if not price then
		hold("price-missing", x12.path(l, set.price), "neither " .. set.line .. " nor CTP says what we are paid: agree on the " ..
			"price, enter the order by hand, then dismiss this")
	end
	stores_check(loop, l, set)
	local sku, gtin = x12.item(l, set.ids)
	local result = {
		line_ref = x12.get(l, 1) or tostring(position), -- often blank: numbered by position
		sku = sku, gtin = gtin, description = x12.description(loop), quantity = quantity, unit = units[unit or ""] or unit,
		unit_price = price, discount_minor = 0, tax_minor = tax_of(loop, currency), requires_shipping = true,
		references = x12.line_references(l, set),
	}
	local total = amounts.gross(result, currency, x12.path(l, set.price))
	for _, s in ipairs(x12.all(loop, "SAC")) do
		local sac = x12.sac(s, {
			currency = currency, gross_minor = total, net_minor = total - result.discount_minor, quantity = quantity,
		})
		if sac and sac.amount_minor <= 0 then
			result.discount_minor = result.discount_minor - sac.amount_minor
		elseif sac then
			adjustments.add(beside, sac.kind, text.free("line " .. result.line_ref .. ": " .. sac.reason, 256), sac.amount_minor)
		end
	end
	return result
end

local function lines_of(loops, set, currency, beside)
	local lines = {}
	for i, loop in ipairs(loops) do
		local is_deleted = set.line == "POC" and x12.get(loop[1], 2) == "DI"
		if not is_deleted then lines[#lines + 1] = line(loop, i, set, currency, beside) end
	end
	return lines
end

-- A change of some lines ----------------------------------------------------------------------------------------------------

-- Nothing has left when a change is merged, so what is ordered (POC03) and what is left to receive (POC04) are the same; else one
-- of them is the quantity before, or the difference.
local function quantity_after(l, loops, set)
	local ordered, left = x12.number(l, set.quantity), x12.number(l, set.quantity + 1)
	if ordered and left and amounts.micro(ordered) ~= amounts.micro(left) then
		partial(x12.path(l, set.quantity + 1), "POC03 is " .. ordered .. " and POC04 " .. left ..
			", ask which is the quantity after the change", loops, set)
	end
	return ordered or left
end

-- Our own number and the GTIN, which must be those of the known line; the buyer's number may be another of several.
local function our_item(l, set)
	local ids, gtin = x12.ids(l, set.ids), nil
	if x12.get(l, set.ids + 1) then gtin = select(2, x12.item(l, set.ids)) end
	return ids.VN or ids.VP or ids.VC, gtin
end

-- What is answered with (855): a price without a basis is of one, whatever it was of before.
local function references_of(l, set, price)
	local refs = x12.line_references(l, set)
	if price and not x12.get(l, set.price) then refs[#refs + 1] = { qualifier = "price", value = price } end
	if price and not x12.get(l, set.basis) then refs[#refs + 1] = { qualifier = "basis", value = "PE" } end
	return refs
end

-- What it says of a line that it does not say in full.
local function line_in_part(loop, set, loops, quantity, price, currency)
	local l = loop[1]
	if x12.first(loop, "SAC") then
		partial(l.path, "an allowance or charge of a line without its quantity, price and item", loops, set)
	end
	local unit = text.some(x12.component(l, set.unit))
	return {
		line_ref = x12.get(l, 1), description = x12.description(loop), quantity = quantity,
		unit = units[unit or ""] or unit, unit_price = price, tax_minor = tax_of(loop, currency),
		references = references_of(l, set, price),
	}
end

local function line_changed(whole, position, set, loops, currency, beside)
	local loop = x12.before(whole, "SLN")
	local l, code = loop[1], x12.get(loop[1], 2) or ""
	local action, quantity = actions[code], nil
	if not action then partial(x12.path(l, 2), "what " .. code .. " changes is not in the lines of our orders", loops, set) end
	if not x12.get(l, 1) then partial(x12.path(l, 1), "a line that has no number", loops, set) end
	if action ~= "remove" then quantity = quantity_after(l, loops, set) end
	if action == "change" and quantity and amounts.is_zero(quantity) then action = "remove" end
	local result
	if action == "remove" then
		result = line_in_part(x12.before(loop, "SAC", "TXI"), set, loops, nil, nil, currency)
		result.unit, result.description, result.tax_minor, result.references = nil, nil, nil, nil
	else
		local price = x12.price(loop, x12.number(l, set.price), x12.get(l, set.basis), text.some(x12.component(l, set.unit)),
			x12.path(l, set.price))
		if price and amounts.is_zero(price) then partial(x12.path(l, set.price), "a line becomes free", loops, set) end
		if action == "add" or (x12.number(l, set.quantity) and price and x12.get(l, set.ids + 1)) then
			result = line(loop, position, set, currency, beside)
			if action == "change" then result.references = references_of(l, set, price) end
		else
			result = line_in_part(loop, set, loops, quantity, price, currency)
		end
	end
	if #beside > 0 then partial(l.path, "a charge of a line", loops, set) end
	if action ~= "add" then result.sku, result.gtin = our_item(l, set) end
	result.action = action
	return result
end

-- Of the whole: SAC before the lines, and taxes.
local function beside_lines(head, lines, currency, into)
	local gross_minor, off = 0, 0
	for i, l in ipairs(lines) do
		gross_minor = gross_minor + amounts.gross(l, currency, "lines[" .. (i - 1) .. "]")
		off = off + l.discount_minor
	end
	for _, s in ipairs(x12.all(head, "SAC")) do
		local sac = x12.sac(s, { currency = currency, gross_minor = gross_minor, net_minor = gross_minor - off })
		if sac then adjustments.add(into, sac.kind, sac.reason, sac.amount_minor) end
	end
	adjustments.add(into, "tax", "tax", tax_of(head, currency))
	return gross_minor
end

-- Where it goes -----------------------------------------------------------------------------------------------------------

-- One place, be it of the whole or said line by line.
local function ship_to(parties, loops)
	local place = x12.party_of(parties, "ST")
	for _, loop in ipairs(loops) do
		local of_line = x12.party_of(x12.parties(loop), "ST")
		if of_line and place and not x12.is_same_place(of_line, place) then
			hold("ship-to-several", of_line.path, "its lines go to several places: enter an order for each by hand, then dismiss this")
		end
		place = place or of_line
	end
	if place and not place.line1 and place.qualifier == "92" and locations[place.id] then return locations[place.id] end
	return x12.address(place)
end

local function buyer(parties, head, unit)
	local p = x12.party_of(parties, "BY") or {}
	local contact = x12.first(x12.before(head, "N1"), "PER") -- one that follows an N1 is of that party
	return {
		account = p.id or text.some(unit.interchange.ISA06), gln = p.gln, company = p.company, phone = p.phone, email = p.email,
		name = p.person or (contact and x12.words(contact, 2, 256)),
	}
end

-- The order ---------------------------------------------------------------------------------------------------------------

-- AMT*TT is the total of the order, AMT*1 that of its lines, to which what is beside them is added. When there is neither,
-- the sum of our own is stated: then there is nothing to compare with.
local function stated(totals, lines, beside, lines_minor, currency)
	local sum = amounts.total(lines, beside, currency)
	local all, of_lines = x12.first(totals, "AMT", 1, "TT"), x12.first(totals, "AMT", 1, "1")
	if all then return { grand_minor = x12.amount(all, 2, currency) } end
	if of_lines then
		local minor = x12.amount(of_lines, 2, currency)
		return { lines_minor = minor, grand_minor = sum - lines_minor + minor }
	end
	return { grand_minor = sum }
end

local function note(head)
	local said = {}
	for _, s in ipairs(head) do
		if s.tag == "MSG" then said[#said + 1] = x12.words(s, 1, 512) end
		if s.tag == "NTE" then said[#said + 1] = x12.words(s, 2, 512) end
	end
	return text.free(table.concat(said, "\n"), 4096)
end

-- The dates that it names, by their qualifiers (374).
local dates_of = {
	["010"] = "ship_after_at", ["037"] = "ship_after_at", ["064"] = "deliver_after_at", ["002"] = "deliver_by_at",
	["063"] = "deliver_by_at", ["001"] = "cancel_after_at", ["061"] = "cancel_after_at",
}

local function wanted(order, head)
	for _, dtm in ipairs(x12.all(head, "DTM")) do
		local name = dates_of[x12.get(dtm, 1) or ""]
		if name and not order[name] and x12.get(dtm, 2) then order[name] = dates.day(x12.get(dtm, 2), x12.path(dtm, 2)) end
	end
end

-- What a change of some lines says is merged into the order that is known: the rest of that stays.
local function change(result, head, loops, set, totals)
	result.lines, result.payment_status, result.placed_at = {}, nil, nil
	if x12.first(head, "SAC") or x12.first(head, "TXI") then
		partial(set.begin, "an allowance, charge or tax of the whole order", loops, set)
	end
	for i, loop in ipairs(loops) do
		if x12.get(loop[1], 2) ~= "NC" then
			result.lines[#result.lines + 1] = line_changed(loop, i, set, loops, result.currency, {})
		end
	end
	local parties, total = x12.parties(head), x12.first(totals, "AMT", 1, "TT")
	local bill_to = x12.address(x12.party_of(parties, "BT"))
	result.ship_to, result.note = ship_to(parties, loops), note(head)
	result.bill_to = bill_to and bill_to.line1 and bill_to or nil
	result.stated = total and { grand_minor = x12.amount(total, 2, result.currency) }
	wanted(result, head)
	return result
end

-- When the group was sent, or nil when it does not say it well.
local function sent_at(group)
	local day, hour, minute = string.match(text.some(group.GS04) or "", "^%d%d%d%d%d%d%d?%d?$"),
		string.match(text.some(group.GS05) or "", "^(%d%d)(%d%d)")
	if not day or #day == 7 or not hour or hour > "23" or minute > "59" then return nil end
	return string.sub(dates.day(day, "group.GS04"), 1, 11) .. hour .. ":" .. minute .. ":00Z"
end

local function key(begin, number)
	local release = x12.get(begin, 4) or ""
	if string.find(release, "/", 1, true) then
		refuse("field-text", x12.path(begin, 4), "has a /, which parts it from the number in the key")
	end
	return number .. "/" .. release .. "/" .. x12.need(begin, 2, "the order's type")
end

local function order(unit)
	local tx, set = x12.read(unit), sets[unit.set or ""]
	local begin = set and x12.first(tx, set.begin)
	about(begin and x12.get(begin, 3) or text.join(unit.set, unit.control))
	look(unit)
	if not begin then refuse("field-missing", set.begin, "is required: the segment that begins the order") end
	local head, loops = x12.before(tx, set.line), x12.loops(tx, set.line, "CTT", "SE")
	local totals = x12.from(tx, "CTT")
	for _, s in ipairs(head) do totals[#totals + 1] = s end
	local kind = purpose(begin, set, loops, x12.first(totals, "AMT", 1, "TT"))
	local number, cur = x12.need(begin, 3, "the order's number"), x12.first(head, "CUR")
	local currency = cur and x12.get(cur, 2) or party.currency
	local result = {
		source_id = key(begin, number), source_number = number, revision = sent_at(unit.group), kind = kind, currency = currency,
		placed_at = dates.day(x12.get(begin, set.date), x12.path(begin, set.date)), payment_status = "pending",
	}
	if kind == "cancel" then
		result.payment_status = "voided"
		return result
	end
	if kind == "change" then return change(result, head, loops, set, totals) end
	local beside, parties = {}, x12.parties(head)
	result.lines = lines_of(loops, set, currency, beside)
	local lines_minor = beside_lines(head, result.lines, currency, beside)
	result.adjustments, result.stated = beside, stated(totals, result.lines, beside, lines_minor, currency)
	result.buyer, result.ship_to = buyer(parties, head, unit), ship_to(parties, loops)
	result.bill_to, result.note = x12.address(x12.party_of(parties, "BT")), note(head)
	wanted(result, head)
	result.references = x12.references(unit, head, x12.get(begin, 4), x12.get(begin, set.date))
	return result
end

-- Its stores' stock -------------------------------------------------------------------------------------------------------

-- What is there to be had of an item: QTY 33 (for sale), else 17 (on hand).
local function level(loop)
	local lin, qty = loop[1], x12.first(loop, "QTY", 1, "33") or x12.first(loop, "QTY", 1, "17")
	local sku, gtin = x12.item(lin, 2)
	if not qty then
		hold("stock-quantity", lin.path, "neither QTY 33 (for sale) nor 17 (on hand): ask Acme what its quantities mean, teach the " ..
			"mapping, then release this")
	end
	local unit = text.some(x12.component(qty, 3))
	return { sku = sku, gtin = gtin, quantity = x12.number(qty, 2), unit = units[unit or ""] or unit }
end

local function inventory(unit)
	local tx = x12.read(unit)
	local bia = x12.first(tx, "BIA")
	if not bia then refuse("field-missing", "BIA", "is required: the segment that begins the report") end
	local number = x12.need(bia, 3, "the report's number")
	about(number)
	local code, words = x12.fault(unit)
	if code then refuse("x12-faults", "faults", code .. ": " .. tostring(words)) end
	local head, levels = x12.before(tx, "LIN"), {}
	local parties = x12.parties(head)
	local place = x12.party_of(parties, "WH") or x12.party_of(parties, "ST") or x12.party_of(parties, "SF") or {}
	for i, loop in ipairs(x12.loops(tx, "LIN", "CTT", "SE")) do levels[i] = level(loop) end
	return {
		number = number, warehouse = place.id or place.gln, levels = levels,
		reported_at = dates.day(x12.need(bia, 4, "its date"), x12.path(bia, 4)),
	}
end

return {
	split = x12.units, kind = kind, order = order, acknowledgement = x12.acknowledgement, inventory = inventory,
	order_response = out.order_response, ship_notice = out.ship_notice, invoice = out.invoice,
}
