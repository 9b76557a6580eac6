// A file that uses a name of the standard library includes its header, itself or through the project's headers that it
// includes. Compilers do not check it: precompiled headers bring most of the library into every file, and what else
// comes along differs from one standard library to the next.
#include <cctype>
#include <map>
#include <set>
#include <sstream>

#include "catch2_adapter.h"
#include "source_tree.h"

namespace sleight::test {
namespace {

// The names that tell, for the headers that are precompiled.
const std::map<std::string, std::string> names_of_headers = {
    {"algorithm",
     "all_of any_of binary_search clamp copy_n count_if equal fill fill_n find_if is_sorted lower_bound max "
     "max_element "
     "min min_element minmax mismatch none_of nth_element partial_sort replace reverse rotate shuffle sort stable_sort "
     "transform unique upper_bound"},
    {"array", "array"},
    {"charconv", "from_chars to_chars"},
    {"cmath",
     "atan2 cbrt ceil copysign cos exp expm1 fabs floor fma fmod hypot isfinite isinf isnan ldexp llround log log1p "
     "log2 "
     "lround nearbyint pow rint round sin sqrt tan tanh trunc"},
    {"cstdint", "int16_t int32_t int64_t int8_t uint16_t uint32_t uint64_t uint8_t uintptr_t"},
    {"cstdio", "FILE fclose fflush fopen fprintf fputs printf puts snprintf"},
    {"cstring", "memchr memcmp memcpy memmove memset strcmp strerror strlen"},
    {"filesystem", "filesystem"},
    {"functional", "function"},
    {"limits", "numeric_limits"},
    {"map", "map multimap"},
    {"memory", "make_shared make_unique shared_ptr unique_ptr weak_ptr"},
    {"numeric", "accumulate gcd inner_product iota partial_sum"},
    {"optional", "nullopt optional"},
    {"set", "multiset set"},
    {"span", "as_bytes as_writable_bytes span"},
    {"sstream", "istringstream ostringstream stringstream"},
    {"stdexcept", "invalid_argument length_error logic_error out_of_range overflow_error runtime_error"},
    {"string", "getline stod stoi string to_string"},
    {"string_view", "string_view"},
    {"utility", "as_const exchange index_sequence make_index_sequence swap"},
    {"vector", "vector"}};

std::map<std::string, std::string> header_of_each_name() {
  std::map<std::string, std::string> headers;
  for (const auto& [header, names] : names_of_headers) {
    std::istringstream words(names);
    for (std::string name; words >> name;)
      headers[name] = header;
  }
  return headers;
}

// What one file says.
struct Includes {
  std::set<std::string> standard, project;
};

Includes includes_of(const std::string& text) {
  Includes includes;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string start = "#include ";
    if (line.compare(0, start.size(), start) != 0 || line.size() == start.size()) continue;
    const bool standard = line[start.size()] == '<';
    const std::size_t close = line.find(standard ? '>' : '"', start.size() + 1);
    const std::string name = line.substr(start.size() + 1, close - start.size() - 1);
    (standard ? includes.standard : includes.project).insert(name);
  }
  return includes;
}

// The line without its comment and its texts in quotes.
std::string code_of(const std::string& line) {
  std::string code;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (quoted && line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      if (line.compare(i, 2, "//") == 0) break;
      code += line[i];
    }
  }
  return code;
}

// The headers whose names the text uses.
std::set<std::string> needed_headers(const std::string& text) {
  static const std::map<std::string, std::string> headers = header_of_each_name();
  std::set<std::string> needed;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    line = code_of(line);
    const std::string prefix = "std::";
    for (std::size_t at = line.find(prefix); at != std::string::npos; at = line.find(prefix, at)) {
      at += prefix.size();
      std::size_t end = at;
      while (end < line.size() && (std::isalnum(static_cast<unsigned char>(line[end])) != 0 || line[end] == '_'))
        ++end;
      const auto found = headers.find(line.substr(at, end - at));
      if (found != headers.end()) needed.insert(found->second);
    }
  }
  return needed;
}

using Tree = std::map<std::string, Includes>;  // by path

// Where an include of a file leads: from the root, a neighbor, or a header that CMake chooses by what it found.
std::string resolve(const Tree& tree, const std::string& file, const std::string& include) {
  const std::string neighbor = file.substr(0, file.rfind('/') + 1) + include;
  for (const std::string& path : {include, neighbor}) {
    if (tree.count(path) != 0) return path;
  }
  for (const auto& [path, includes] : tree) {
    if (path.size() > include.size() &&
        path.compare(path.size() - include.size() - 1, std::string::npos, "/" + include) == 0)
      return path;
  }
  return "";
}

void collect(const Tree& tree, const std::string& file, std::set<std::string>& visited,
             std::set<std::string>& standard) {
  if (tree.count(file) == 0 || !visited.insert(file).second) return;
  const Includes& includes = tree.at(file);
  standard.insert(includes.standard.begin(), includes.standard.end());
  for (const std::string& include : includes.project)
    collect(tree, resolve(tree, file, include), visited, standard);
}

// The headers that a file uses and does not get.
std::set<std::string> missing_headers(const Tree& tree, const std::string& file, const std::string& text) {
  std::set<std::string> visited, standard, missing;
  collect(tree, file, visited, standard);
  for (const std::string& header : needed_headers(text)) {
    if (standard.count(header) == 0) missing.insert(header);
  }
  return missing;
}

}  // namespace

TEST_CASE("every file includes the standard headers that it uses") {
  const std::vector<SourceFile> files = source_files();
  Tree tree;
  for (const SourceFile& file : files)
    tree[file.path] = includes_of(file.text);
  for (const SourceFile& file : files) {
    INFO(file.path);
    CHECK(missing_headers(tree, file.path, file.text) == std::set<std::string>{});
  }
}

TEST_CASE("the check of standard headers finds what it is for") {
  const std::string uses = "std::vector<std::int64_t> a;  // std::map\nint vector = std::max(1, \"\\\"std::set\"[0]);";
  CHECK(needed_headers(uses) == std::set<std::string>{"algorithm", "cstdint", "vector"});
  Tree tree;
  tree["a/a.cpp"] = includes_of("#include \"a/a.h\"\n#include \"b.h\"\n");
  tree["a/a.h"] = includes_of("#include <vector>\n#include \"a/a.h\"\n");
  tree["a/b.h"] = includes_of("#include <cstdint>  // why\n");
  CHECK(missing_headers(tree, "a/a.cpp", uses) == std::set<std::string>{"algorithm"});
  CHECK(missing_headers(tree, "a/a.h", uses) == std::set<std::string>{"algorithm", "cstdint"});
}

}  // namespace sleight::test
