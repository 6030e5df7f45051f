-- Reading what must be there: a document that lacks it, or has something else there, is refused with the path.
local field = {}

function field.need(value, path, what)
	if value == nil or value == "" then refuse("field-missing", path, "is required: " .. what) end
	return value
end

function field.object(value, path, what)
	if type(field.need(value, path, what)) ~= "userdata" then refuse("field-type", path, "is no object") end
	return value
end

-- The objects of a list, each with its path: { { node = , path = "lines[0]" }, … }. No list has none.
function field.list(value, path)
	local all = {}
	if value == nil then return all end
	if type(value) ~= "userdata" then refuse("field-type", path, "is no list") end
	for i = 1, #value do
		all[i] = { node = value[i], path = path .. "[" .. (i - 1) .. "]" }
		if type(value[i]) ~= "userdata" then refuse("field-type", all[i].path, "is no object") end
	end
	return all
end

-- Seconds of the epoch that must be there.
function field.instant(value, path, what)
	local at = instant(field.need(value, path, what))
	if not at then refuse("field-type", path, "are no seconds since 1970") end
	return at
end

return field
