-- Lists that are not always lists.
local list = {}

-- A Lua list of what is in it. Some XML-to-JSON gives an object where there is only one, and null for none.
function list.of(value, path)
	if value == nil or value == "" then return {} end
	if type(value) ~= "userdata" then refuse("field-type", path, "is no list") end
	if value[1] == nil then return #value == 0 and {} or { value } end
	local all = {}
	for i = 1, #value do
		if value[i] == nil then refuse("field-type", path .. "[" .. (i - 1) .. "]", "is null") end
		all[i] = value[i]
	end
	return all
end

-- Something with members, or nil; refused when it is anything else.
function list.object(value, path)
	if value ~= nil and type(value) ~= "userdata" then refuse("field-type", path, "is no object") end
	return value
end

-- The same of each in a list.
function list.objects(value, path)
	local all = list.of(value, path)
	for i = 1, #all do list.object(all[i], path .. "[" .. (i - 1) .. "]") end
	return all
end

-- The document itself.
function list.document(value)
	if type(value) ~= "userdata" then refuse("field-type", "", "is neither object nor list") end
	return value
end

-- true, "true", 1 and "1": channels write yes in many ways.
function list.is_yes(value)
	return value == true or value == "true" or value == "1"
end

return list
