# Writes the program IN as bytes into the C file OUT: bl_inside_image.
file(READ ${IN} hex HEX)
file(SIZE ${IN} size)
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${OUT} "/* Written by stdlib/inside/embed.cmake. */
#include \"base/prefix.h\"

#include \"exec_inside.h\"

const unsigned char bl_inside_image[] = {
${hex}};
const size_t bl_inside_image_size = ${size};
")
