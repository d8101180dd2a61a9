package unwrap

// permissionsMatter is false on Windows: access is by the lists that a file
// inherits from the user's own profile directory, and Go's modes say nothing.
const permissionsMatter = false
