#include "engine/checkpoint/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "catch2_adapter.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"

namespace sleight {

namespace {

// A file as it lies on disk, put together by hand.
std::string file_of(const std::string& header, const std::string& data) {
  std::string file;
  for (int i = 0; i < 8; ++i)
    file += static_cast<char>(header.size() >> (8 * i) & 0xFFU);
  return file + header + data;
}

SafetensorsContent parse(const std::string& file) {
  return SafetensorsContent(std::as_bytes(std::span(file)), "model.safetensors");
}

std::string refusal(const std::string& file) {
  return error_message([&] { parse(file); });
}

std::string refusal_of_header(const std::string& header, const std::string& data = std::string(8, 'd')) {
  return refusal(file_of(header, data));
}

std::string tensor(const std::string& name, const std::string& type, const std::string& shape,
                   const std::string& offsets) {
  return "\"" + name + R"(":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

}  // namespace

TEST_CASE("a safetensors file written by hand is read") {
  // 2 x 1 float32 {1, -2}, a scalar int64 7, three bytes, nothing at all; the listing is not in the order of the data.
  const std::string data =
      std::string("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8) + std::string("\x07\0\0\0\0\0\0\0", 8) + "abc";
  const std::string file = file_of(
      "{" + tensor("bytes", "U8", "[3]", "[16,19]") + "," + tensor("weight", "F32", "[2,1]", "[0,8]") + ",\n\t" +
          tensor("step", "I64", "[]", "[8,16]") + "," + tensor("none", "BF16", "[9223372036854775807,3,0]", "[8,8]") +
          R"(,"__metadata__":{"format":"pt","\u00e9\"":"x"}}     )",
      data);
  const SafetensorsContent content = parse(file);
  REQUIRE(content.tensors().size() == 4);
  CHECK(content.tensors()[0].name == "weight");
  CHECK(content.tensors()[0].type == DataType::float32);
  CHECK(content.tensors()[0].shape == std::vector<std::int64_t>{2, 1});
  std::vector<float> weight(2, -1.0F);
  copy_values(content.at("weight"), std::span(weight));
  CHECK(weight == std::vector<float>{1.0F, -2.0F});
  CHECK(content.tensors()[1].name == "none");
  CHECK(content.tensors()[1].bytes.empty());
  std::vector<std::int64_t> step(1);
  copy_values(content.at("step"), std::span(step));
  CHECK(step[0] == 7);
  CHECK(content.at("step").shape.empty());
  CHECK(content.at("bytes").bytes[2] == std::byte{'c'});
  CHECK(content.find("weigh") == nullptr);
  CHECK(content.metadata() == SafetensorsMetadata{{"format", "pt"}, {"\u00e9\"", "x"}});

  CHECK(contains(error_message([&] { content.at("bias"); }), "model.safetensors: there is no tensor \"bias\""));
  CHECK(contains(error_message([&] { copy_values(content.at("weight"), std::span(step)); }), "float32, not int64"));
  std::vector<float> too_long(3);
  CHECK(contains(error_message([&] { copy_values(content.at("weight"), std::span(too_long)); }), "2 elements, not 3"));
}

TEST_CASE("a file of another kind is called what it is") {
  CHECK(contains(error_message([] { parse("\x89HDF\r\n\x1a\n........................"); }), "but an HDF5 file"));
  CHECK(contains(error_message([] { parse(std::string("PK\x03\x04", 4) + std::string(26, '.') + "archive/data.pkl"); }),
                 "but a PyTorch file: load it with PyTorch"));
}

TEST_CASE("every element type is read by its name") {
  for (const auto& [name, type] :
       {std::pair("F32", DataType::float32), std::pair("F64", DataType::float64), std::pair("BF16", DataType::bfloat16),
        std::pair("F16", DataType::float16), std::pair("I32", DataType::int32), std::pair("I64", DataType::int64),
        std::pair("U8", DataType::uint8)}) {
    CAPTURE(name);
    const auto size = static_cast<std::size_t>(3 * size_of(type));
    const std::string file =
        file_of("{" + tensor("t", name, "[3]", "[0," + std::to_string(size) + "]") + "}", std::string(size, 'x'));
    const SafetensorsContent content = parse(file);
    CHECK(content.at("t").type == type);
    CHECK(content.at("t").bytes.size() == size);
  }
}

TEST_CASE("float16 tensors are written and read back, bit by bit, between bfloat16 and uint8") {
  const TemporaryFolder folder;
  const std::vector<float16> halves = {float16(1.0F), float16(-0.5F), float16(65504.0F), float16(6e-8F),
                                       float16(std::numeric_limits<float>::infinity())};
  const std::vector<bfloat16> wide = {bfloat16(3.0F)};
  const std::vector<std::uint8_t> bytes = {7};
  write_safetensors(folder.path() / "half.safetensors",
                    std::vector<SafetensorsEntry>{{"bytes", DataType::uint8, {1}, std::as_bytes(std::span(bytes))},
                                                  {"half", DataType::float16, {5}, std::as_bytes(std::span(halves))},
                                                  {"wide", DataType::bfloat16, {1}, std::as_bytes(std::span(wide))}});
  const std::string file = read_text_file(folder.path() / "half.safetensors");
  CHECK(contains(file, R"("half":{"dtype":"F16","shape":[5],"data_offsets":[2,12]})"));
  const SafetensorsContent content = parse(file);
  REQUIRE(content.at("half").type == DataType::float16);
  std::vector<float16> read(5);
  copy_values(content.at("half"), std::span(read));
  for (std::size_t i = 0; i < read.size(); ++i) {
    CAPTURE(i);
    CHECK(read[i].bits == halves[i].bits);
  }
}

TEST_CASE("floating-point tensors of any type are read as float32") {
  const auto values_of = [](DataType type, std::span<const std::byte> bytes) {
    return float32_values({"w", type, {static_cast<std::int64_t>(bytes.size()) / size_of(type)}, bytes});
  };
  const std::vector<float> expected = {1.0F, -2.5F, 0.0F};
  const std::vector<double> doubles(expected.begin(), expected.end());
  std::vector<float16> halves;
  std::vector<bfloat16> brains;
  for (const float value : expected) {
    halves.emplace_back(value);
    brains.emplace_back(value);
  }
  CHECK(values_of(DataType::float32, std::as_bytes(std::span(expected))) == expected);
  CHECK(values_of(DataType::float64, std::as_bytes(std::span(doubles))) == expected);
  CHECK(values_of(DataType::float16, std::as_bytes(std::span(halves))) == expected);
  CHECK(values_of(DataType::bfloat16, std::as_bytes(std::span(brains))) == expected);
  // The smallest float16, which is subnormal; infinities stay what they are.
  const std::vector<std::uint16_t> bits = {0x0001, 0x7c00};
  const std::vector<float> small = values_of(DataType::float16, std::as_bytes(std::span(bits)));
  CHECK(small[0] == 0x1p-24F);
  CHECK(std::isinf(small[1]));
  const std::vector<double> large = {1.0, 1e300};
  CHECK(contains(error_message([&] { values_of(DataType::float64, std::as_bytes(std::span(large))); }),
                 "1e+300 at element 1, beyond float32"));
  const std::vector<std::int32_t> whole = {1};
  CHECK(contains(error_message([&] { values_of(DataType::int32, std::as_bytes(std::span(whole))); }), "holds int32"));
}

TEST_CASE("a file of no tensors is a file") {
  CHECK(parse(file_of("{}", "")).tensors().empty());
  CHECK(parse(file_of(R"({"__metadata__":{}})", "")).metadata().empty());
}

TEST_CASE("every violation of the format has its own message") {
  const std::string good = tensor("t", "F32", "[2]", "[0,8]");
  struct Case {
    std::string refusal;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {refusal(""), "0 bytes are too short"},
      {refusal("1234567"), "7 bytes are too short"},
      {refusal(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)), "18446744073709551615 bytes is announced, more"},
      {refusal(std::string("\x01\xe1\xf5\x05\0\0\0\0{}", 10)),
       "100000001 bytes is announced, more than the format's limit"},
      {refusal(std::string("\x00\xe1\xf5\x05\0\0\0\0{}", 10)), "100000000 bytes is announced, but only 2"},
      {refusal(std::string("\x03\0\0\0\0\0\0\0{}", 10)), "cut short"},
      {refusal(std::string("\0\0\0\0\0\0\0\0", 8)), "does not begin with '{'"},
      {refusal_of_header(" {" + good + "}"), "does not begin with '{'"},
      {refusal_of_header("[" + good + "]"), "does not begin with '{'"},
      {refusal_of_header("{" + good + "}\n"), "does not end with '}'"},
      {refusal_of_header("{" + good + "} x"), "does not end with '}'"},
      {refusal_of_header("{" + good + "}{}"), "not valid JSON"},
      {refusal_of_header("{" + good + ",}"), "not valid JSON"},
      {refusal_of_header("{\"\xff\":1}"), "not valid JSON"},
      {refusal_of_header("{" + good + "," + good + "}"), "the name \"t\" appears twice"},
      {refusal_of_header(R"({"t":1})"), "tensor \"t\" is described by a number"},
      {refusal_of_header(R"({"t":[]})"), "tensor \"t\" is described by a list"},
      {refusal_of_header(R"({"t":null})"), "tensor \"t\" is described by null"},
      {refusal_of_header(R"({"t":{}})"), "tensor \"t\" has no dtype"},
      {refusal_of_header(R"({"t":{"dtype":"F32","data_offsets":[0,8]}})"), "tensor \"t\" has no shape"},
      {refusal_of_header(R"({"t":{"dtype":"F32","shape":[2]}})"), "tensor \"t\" has no data_offsets"},
      {refusal_of_header(R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}})"),
       "unknown field \"more\""},
      {refusal_of_header(R"({"t":{"dtype":"F32","dtype":"F32"}})"), "the field \"dtype\" twice"},
      {refusal_of_header(R"({"t":{"dtype":3}})"), "dtype is a number instead of a string"},
      {refusal_of_header(R"({"t":{"dtype":["F32"]}})"), "dtype is a list instead of a string"},
      {refusal_of_header(R"({"t":{"shape":8}})"), "shape is a number instead of a list"},
      {refusal_of_header(R"({"t":{"shape":[-1]}})"), "shape holds the negative number -1"},
      {refusal_of_header(R"({"t":{"shape":[2.0]}})"), "shape holds the number 2.0, which is no 64-bit integer"},
      {refusal_of_header(R"({"t":{"shape":[99999999999999999999]}})"), "which is no 64-bit integer"},
      {refusal_of_header(R"({"t":{"shape":["2"]}})"), "shape holds a string"},
      {refusal_of_header(R"({"t":{"shape":[[2]]}})"), "shape holds a list"},
      {refusal_of_header(R"({"t":{"shape":[true]}})"), "shape holds a boolean"},
      {refusal_of_header("{" + tensor("t", "F32", "[9223372036854775808]", "[0,8]") + "}"), "beyond 64-bit integers"},
      {refusal_of_header(R"({"t":{"data_offsets":{}}})"), "data_offsets is an object instead of a list"},
      {refusal_of_header(R"({"t":{"data_offsets":[null]}})"), "data_offsets holds null"},
      {refusal_of_header("{" + tensor("t", "F32", "[2]", "[0]") + "}"), "1 data_offsets instead of 2"},
      {refusal_of_header("{" + tensor("t", "F32", "[2]", "[0,8,8]") + "}"), "3 data_offsets instead of 2"},
      {refusal_of_header("{" + tensor("t", "F32", "[2]", "[8,0]") + "}"), "ends (0) before it begins (8)"},
      {refusal_of_header("{" + tensor("t", "F32", "[3]", "[0,12]") + "}"),
       "ends at byte 12, but the file holds only 8"},
      {refusal_of_header("{" + tensor("t", "F32", "[2]", "[0,18446744073709551615]") + "}"),
       "cut short or its offsets lie"},
      {refusal_of_header("{" + tensor("t", "F32", "[3]", "[0,8]") + "}"), "needs 12 bytes, but its offsets give it 8"},
      {refusal_of_header("{" + tensor("t", "F32", "[4294967296,4294967296]", "[0,8]") + "}"),
       "more bytes than 64 bits"},
      {refusal_of_header("{" + tensor("t", "F32", "[4611686018427387904]", "[0,0]") + "}", ""),
       "more bytes than 64 bits"},
      {refusal_of_header("{" + tensor("a", "U8", "[4]", "[0,4]") + "," + tensor("b", "U8", "[5]", "[3,8]") + "}"),
       "tensor \"b\" (bytes 3 to 8) overlaps the tensor before it, which ends at 4"},
      {refusal_of_header("{" + tensor("a", "U8", "[8]", "[0,8]") + "," + tensor("b", "U8", "[8]", "[0,8]") + "}"),
       "overlaps"},
      {refusal_of_header("{" + tensor("a", "U8", "[3]", "[0,3]") + "," + tensor("b", "U8", "[4]", "[4,8]") + "}"),
       "hole of 1 byte before tensor \"b\""},
      {refusal_of_header("{" + tensor("a", "U8", "[7]", "[1,8]") + "}"), "hole of 1 byte before tensor \"a\""},
      {refusal_of_header("{" + tensor("a", "U8", "[7]", "[0,7]") + "}"),
       "the tensors end at byte 7 of the data, but the file holds 8"},
      {refusal_of_header("{}"), "the tensors end at byte 0"},
      {refusal_of_header("{" + tensor("t", "I16", "[4]", "[0,8]") + "}"), "\"I16\", which this engine does not hold"},
      {refusal_of_header("{" + tensor("t", "float", "[2]", "[0,8]") + "}"),
       "\"float\", which the safetensors format does not know"},
      {refusal_of_header(R"({"__metadata__":3})"), "__metadata__ is a number instead of an object"},
      {refusal_of_header(R"({"__metadata__":{"a":1}})"), "__metadata__ maps \"a\" to a number"},
      {refusal_of_header(R"({"__metadata__":{"a":{}}})"), "__metadata__ maps \"a\" to an object"},
      {refusal_of_header(R"({"__metadata__":{"a":"1","a":"2"}})"), "the key \"a\" appears twice in __metadata__"},
      {refusal_of_header(R"({"__metadata__":{},"__metadata__":{}})"), "the name \"__metadata__\" appears twice"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.refusal, test.expected);
    CHECK(contains(test.refusal, test.expected));
    CHECK(test.refusal.starts_with("model.safetensors: "));
    // What to do.
    CHECK((contains(test.refusal, "copy or write it again") || contains(test.refusal, "convert it to one of")));
  }
}

TEST_CASE("a safetensors file cut short anywhere is refused") {
  const std::string file = file_of(
      "{" + tensor("a", "F32", "[2]", "[0,8]") + "," + tensor("b", "U8", "[3]", "[8,11]") + "} ", "12345678abc");
  CHECK(parse(file).tensors().size() == 2);
  for (std::size_t size = 0; size < file.size(); ++size) {
    CAPTURE(size);
    CHECK(refusal(file.substr(0, size)) != "");
  }
  CHECK(refusal(file + "x") != "");
}

TEST_CASE("limits on the header's lists hold") {
  std::string rank;
  for (std::size_t i = 0; i <= safetensors_maximum_rank; ++i)
    rank += rank.empty() ? "1" : ",1";
  CHECK(
      contains(refusal_of_header("{" + tensor("t", "U8", "[" + rank + "]", "[0,1]") + "}"), "more than 64 dimensions"));
  std::string header = "{";
  for (std::size_t i = 0; i <= safetensors_maximum_tensors; ++i) {
    header += (i == 0 ? "" : ",") + tensor(std::to_string(i), "U8", "[0]", "[0,0]");
  }
  CHECK(contains(refusal_of_header(header + "}", ""), "more than 100000 tensors"));
  // Deep nesting must not exhaust the stack: the first wrong bracket ends it.
  CHECK(contains(refusal_of_header("{\"t\":" + std::string(1'000'000, '[') + "}"), "described by a list"));
  // An endless name does not make an endless message.
  CHECK(refusal_of_header("{\"" + std::string(1'000'000, 'n') + "\":1}").size() < 400);
}

TEST_CASE("a safetensors file is written byte for byte as the format's own library writes it") {
  const TemporaryFolder folder;
  const std::vector<float> weight = {1.0F, -2.0F};
  const std::vector<std::int64_t> step = {7};
  const std::vector<std::uint8_t> bytes = {'a', 'b', 'c'};
  const std::vector<SafetensorsEntry> tensors = {
      {"weight", DataType::float32, {2, 1}, std::as_bytes(std::span(weight))},
      {"step", DataType::int64, {}, std::as_bytes(std::span(step))},
      {"bytes", DataType::uint8, {3}, std::as_bytes(std::span(bytes))}};
  write_safetensors(folder / "a", tensors, {{"format", "pt"}});
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"step":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
      R"("weight":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},)"
      R"("bytes":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}})";
  const std::string expected =
      file_of(header + std::string((8 - header.size() % 8) % 8, ' '),
              std::string("\x07\0\0\0\0\0\0\0", 8) + std::string("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8) + "abc");
  CHECK(read_text_file(folder / "a") == expected);

  SECTION("in whatever order the tensors come") {
    std::vector<SafetensorsEntry> reversed(tensors.rbegin(), tensors.rend());
    write_safetensors(folder / "b", reversed, {{"format", "pt"}});
    CHECK(read_text_file(folder / "b") == expected);
  }
  SECTION("and a round trip changes no byte") {
    const SafetensorsFile file(folder / "a");
    write_safetensors(folder / "b", file.tensors(), file.metadata());
    CHECK(read_text_file(folder / "b") == expected);
    // The file being read may be replaced meanwhile.
    write_safetensors(folder / "a", file.tensors(), file.metadata());
    CHECK(read_text_file(folder / "a") == expected);
  }
}

TEST_CASE("odd names, empty tensors and all types survive a round trip") {
  const TemporaryFolder folder;
  std::vector<std::byte> pool(977);
  for (std::size_t i = 0; i < pool.size(); ++i)
    pool[i] = static_cast<std::byte>(i * 37);
  std::vector<SafetensorsEntry> tensors;
  int number = 0;
  for (const DataType type :
       {DataType::float32, DataType::float64, DataType::bfloat16, DataType::int32, DataType::int64, DataType::uint8}) {
    for (const std::vector<std::int64_t>& shape :
         {std::vector<std::int64_t>{}, {0}, {1}, {5, 0, 3}, {7, 3}, {2, 1, 3, 1, 5}}) {
      std::size_t size = static_cast<std::size_t>(size_of(type));
      for (const std::int64_t dimension : shape)
        size *= static_cast<std::size_t>(dimension);
      tensors.push_back(
          {"layer.\"" + std::to_string(number++) + "\"\\\n\u00fc", type, shape, std::span(pool).first(size)});
    }
  }
  write_safetensors(folder / "a", tensors);
  const SafetensorsFile file(folder / "a");
  REQUIRE(file.tensors().size() == tensors.size());
  for (const SafetensorsEntry& tensor : tensors) {
    CAPTURE(tensor.name);
    const SafetensorsEntry& read = file.at(tensor.name);
    CHECK(read.type == tensor.type);
    CHECK(read.shape == tensor.shape);
    CHECK(std::ranges::equal(read.bytes, tensor.bytes));
    // Widest first keeps every tensor aligned in memory.
    CHECK(std::bit_cast<std::uintptr_t>(read.bytes.data()) % static_cast<std::uintptr_t>(size_of(read.type)) == 0);
  }
  write_safetensors(folder / "b", file.tensors(), file.metadata());
  CHECK(read_text_file(folder / "b") == read_text_file(folder / "a"));
}

TEST_CASE("what could not be read back is not written, and the old file survives") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "old");
  const std::vector<std::byte> bytes(8);
  const auto refused = [&](const std::vector<SafetensorsEntry>& tensors, const SafetensorsMetadata& metadata = {}) {
    return error_message([&] { write_safetensors(folder / "a", tensors, metadata); });
  };
  const SafetensorsEntry good{"t", DataType::float32, {2}, bytes};
  CHECK(contains(refused({good, good}), "two tensors are called \"t\""));
  CHECK(contains(refused({{"__metadata__", DataType::float32, {2}, bytes}}), "no tensor may be called __metadata__"));
  CHECK(contains(refused({{"t", DataType::float32, {3}, bytes}}), "needs 12 bytes, but was given 8"));
  CHECK(contains(refused({{"t", DataType::float32, {-2}, bytes}}), "has the shape [-2]"));
  CHECK(contains(refused({{"t", DataType::float32, {1LL << 40U, 1LL << 40U}, bytes}}), "is too large"));
  CHECK(contains(refused({{"t", DataType::float32, std::vector<std::int64_t>(65, 1), bytes}}), "65 dimensions"));
  CHECK(contains(refused({{"\xff", DataType::float32, {2}, bytes}}), "not valid UTF-8"));
  CHECK(contains(refused({good}, {{"a", "\xff"}}), "not valid UTF-8"));
  CHECK(contains(refused({{"\xff", DataType::float32, {2}, bytes}}), (folder / "a").string()));
  CHECK(read_text_file(folder / "a") == "old");
  CHECK(folder.entries() == 1);
}

}  // namespace sleight
