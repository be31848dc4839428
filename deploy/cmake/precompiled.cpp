// Nothing: a target needs a source before it can precompile headers.
