# awk -f one_source.awk -v out=FILE SOURCE...: the sources as one, each in a namespace of its own within the one that it
# opens, so that their names may repeat. Errors and debuggers show the sources.
FNR == 1 {
  own = FILENAME
  sub(/.*\//, "", own)
  gsub(/[^A-Za-z0-9]/, "_", own)
  print "#line 1 \"" FILENAME "\"" > out
}
/^namespace millrace[a-z_:]* \{$/ { sub(/ \{$/, "::in_" own " {") }
{ print > out }
