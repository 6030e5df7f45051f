-- Numbers as people of other countries write them, as plain decimals.
local numbers = {}

-- 12,5 is 12.5 and 1.234,50 is 1234.50. A point without a comma is refused: 1.234 may be one thing or the other.
function numbers.comma(value, path)
	if value == nil or value == "" then refuse("field-missing", path, "is required: a number") end
	local sign, whole, rest = string.match(value, "^(%-?)([%d.]+)(.*)$")
	local places = string.match(rest or "", "^,(%d+)$")
	local has_points = whole and string.find(whole, ".", 1, true)
	if not whole or (rest ~= "" and not places) then refuse("field-type", path, "is no number with a decimal comma") end
	if has_points then
		local first, groups = string.match(whole, "^(%d%d?%d?)([%d.]*)$")
		if not places then refuse("field-type", path, "has a point and no comma: is it of thousands or of decimals?") end
		if not first or string.gsub(groups, "%.%d%d%d", "") ~= "" then refuse("field-type", path, "has a point out of place") end
		whole = string.gsub(whole, "%.", "")
	end
	return sign .. whole .. (places and "." .. places or "")
end

return numbers
