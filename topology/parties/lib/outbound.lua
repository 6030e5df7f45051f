-- What every format of an outbound document needs of an order and of what became of it.
local amounts = lib("amounts")
local outbound = {}

-- References by their qualifier; the first of each counts.
function outbound.references(of)
	local by = {}
	for i = 1, of.references and #of.references or 0 do
		local r = of.references[i]
		if not by[r.qualifier] then by[r.qualifier] = r.value end
	end
	return by
end

-- A list's members by their line_ref.
function outbound.by_ref(list)
	local by = {}
	for i = 1, #list do by[list[i].line_ref] = list[i] end
	return by
end

-- "2026-11-25T14:30:00Z" as 20261125 and as 1430; nil for nil.
function outbound.day(at)
	return at and string.sub(at, 1, 4) .. string.sub(at, 6, 7) .. string.sub(at, 9, 10)
end

function outbound.clock(at)
	return string.sub(at, 12, 13) .. string.sub(at, 15, 16)
end

-- A quantity in the item's base unit as one in the unit that the line was ordered in.
function outbound.ordered(quantity, line)
	local base = line.enriched and line.enriched.base_quantity
	if not base or base == line.quantity then return quantity end
	local times = amounts.times(quantity, line.quantity)
	return times and divide(times, base) or quantity
end

-- What of an order's line is reserved and what waits for stock, in the ordered unit: { taken, waiting }; nil for nothing.
-- A line that is not allocated (a service) is taken.
function outbound.fate(line, allocated)
	if not allocated then return line.quantity, nil end
	local taken, waiting = allocated.allocated, allocated.backordered
	return not amounts.is_zero(taken) and outbound.ordered(taken, line) or nil,
		not amounts.is_zero(waiting) and outbound.ordered(waiting, line) or nil
end

return outbound
