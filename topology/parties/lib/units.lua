-- Units of measure by UN/ECE recommendation 20.
local text = lib("text")
local units = {}

local each = { EA = true, C62 = true, NAR = true, H87 = true, PCE = true }

-- EA for what counts single pieces; others as they are, for item_units.csv to know.
function units.code(code)
	code = text.some(code)
	return code and each[code] and "EA" or code
end

return units
