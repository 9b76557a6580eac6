# Writes a C++ file that defines VARIABLE, a std::string_view of the bytes of FILE:
#   cmake -DFILE=report.css -DVARIABLE=report_style -DOUTPUT=report_style.cpp -P embed_file.cmake
# It uses a string literal, because compilers need seconds and gigabytes for a large array of numbers.
file(READ ${FILE} bytes HEX)
file(SIZE ${FILE} size)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" literal "${bytes}")
string(REPEAT "." 128 line)
string(REGEX REPLACE "(${line})" "\\1\"\n\"" literal "${literal}")
file(WRITE ${OUTPUT} "#include <string_view>

namespace sleight {

extern const std::string_view ${VARIABLE};
const std::string_view ${VARIABLE}(
\"${literal}\", ${size});

}  // namespace sleight
")
