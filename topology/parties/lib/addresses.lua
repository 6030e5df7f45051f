-- An order has one address; some documents give one for each line.
local text = lib("text")
local addresses = {}

local fields = { "name", "company", "line1", "line2", "city", "region", "postal_code", "country", "gln" }

local function same(a, b)
	for i = 1, #fields do
		if a[fields[i]] ~= b[fields[i]] then return false end
	end
	return true
end

-- Of { { node = address or nil, path = }, … } the one that all have; held when they differ. nil when none has any.
function addresses.one(all)
	local found = all[1] and all[1].node
	for i = 2, #all do
		local other = all[i].node
		if (found == nil) ~= (other == nil) or (found and not same(found, other)) then
			hold("ship-to-several", all[i].path,
				"its lines go to several addresses: enter one order for each by hand, then dismiss this")
		end
	end
	return found
end

-- A Global Location Number has 13 digits; nil for anything else.
function addresses.gln(s)
	s = text.some(s)
	return s and #s == 13 and not string.find(s, "%D") and s or nil
end

return addresses
