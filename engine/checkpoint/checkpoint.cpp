#include "engine/checkpoint/checkpoint.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "kernels/first_non_finite.h"

namespace sleight {

namespace {

bool is_training_state(const std::string& name) {
  return name.starts_with(momentum_prefix) || name.starts_with(average_prefix);
}

// torchvision counts the batches of running statistics; only cumulative averages (momentum = None) use the count.
bool is_passed_over(const std::string& name) {
  return is_training_state(name) || name.ends_with("num_batches_tracked");
}

SafetensorsDescription describe(const std::string& file_name, const PersistentStore::Entry& entry) {
  return {file_name, entry.type.element, PersistentStore::interface_shape(entry.type)};
}

void write_store(const std::filesystem::path& path, const PersistentStore& store, const std::vector<std::string>& names,
                 const std::string& prefix, const SafetensorsMetadata& metadata) {
  std::vector<SafetensorsDescription> tensors;
  for (const std::string& name : names)
    tensors.push_back(describe(name.substr(prefix.size()), store.entry(name)));
  std::vector<std::byte> bytes;
  write_safetensors(path, tensors, metadata, [&](const SafetensorsDescription& tensor) {
    bytes = store.read(prefix + tensor.name);
    return std::span<const std::byte>(bytes);
  });
}

// Whether a file may hold another floating-point type than the store. A state to resume from may not: it would go on
// with other bits.
enum class Types : std::uint8_t { equal, converted };

bool fits(const SafetensorsEntry& tensor, const SafetensorsDescription& expected, Types types) {
  if (tensor.shape != expected.shape) return false;
  if (tensor.type == expected.type) return true;
  return types == Types::converted && expected.type == DataType::float32 && is_floating_point(tensor.type);
}

// A network with one such number answers nan, or finds nothing, without a word.
void check_numbers(const std::filesystem::path& path, const SafetensorsEntry& tensor) {
  if (const std::optional<NonFiniteNumber> bad = first_non_finite(tensor))
    fail(path.string(), ": '", tensor.name, "' holds ", bad->value, " at element ", bad->element,
         "; the file is damaged, or its training had failed: copy it again, or take other weights");
}

// Compares before it copies: after an Error the store is unchanged.
void read_into_store(const std::filesystem::path& path, const SafetensorsFile& file, PersistentStore& store,
                     Types types, const std::function<bool(const std::string&)>& passed_over) {
  std::vector<std::string> missing, unknown, different;
  for (const std::string& name : store.names()) {
    if (passed_over(name)) continue;
    const SafetensorsEntry* tensor = file.find(name);
    if (tensor == nullptr) {
      missing.push_back(name);
      continue;
    }
    const SafetensorsDescription expected = describe(name, store.entry(name));
    if (!fits(*tensor, expected, types)) {
      different.push_back(name + " is " + std::string(name_of(tensor->type)) + "[" + to_string(tensor->shape) +
                          "] in the file but " + std::string(name_of(expected.type)) + "[" + to_string(expected.shape) +
                          "] in the model");
    }
  }
  for (const SafetensorsEntry& tensor : file.tensors()) {
    if (!passed_over(tensor.name) && !store.contains(tensor.name)) unknown.push_back(tensor.name);
  }
  if (!missing.empty() || !unknown.empty() || !different.empty()) {
    std::string message = path.string() + " does not fit this model";
    if (!missing.empty()) message += "; not in the file: " + listed(missing);
    if (!unknown.empty()) message += "; not in the model: " + listed(unknown);
    if (!different.empty()) message += "; different: " + listed(different);
    fail(message, ". Check the model's name and the number of classes");
  }
  std::vector<std::pair<std::string, std::vector<float>>> converted;
  for (const std::string& name : store.names()) {
    if (passed_over(name) || types == Types::equal) continue;
    const SafetensorsEntry& tensor = file.at(name);
    check_numbers(path, tensor);
    if (tensor.type != store.entry(name).type.element)
      converted.emplace_back(name, with_context(path.string(), [&] { return float32_values(tensor); }));
  }
  for (const std::string& name : store.names()) {
    if (!passed_over(name) && file.at(name).type == store.entry(name).type.element)
      store.write(name, file.at(name).bytes);
  }
  for (const auto& [name, values] : converted)
    store.write(name, std::as_bytes(std::span(values)));
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const PersistentStore& store,
                     const SafetensorsMetadata& metadata) {
  write_store(path, store, store.names(), "", metadata);
}

SafetensorsMetadata load_checkpoint(const std::filesystem::path& path, PersistentStore& store) {
  const SafetensorsFile file(path);
  read_into_store(path, file, store, Types::equal, [](const std::string&) { return false; });
  return file.metadata();
}

void check_finite(const Context& context) {
  for (const std::string& name : context.store.names()) {
    const PersistentStore::Entry& entry = context.store.entry(name);
    std::vector<std::byte> bytes(static_cast<std::size_t>(entry.type.bytes()));
    context.device.download(bytes, entry.buffer.data());
    const std::int64_t element =
        kernels::first_non_finite_element(bytes.data(), entry.type.count(), entry.type.element);
    check(element < 0, "'", name, "' is not finite at element ", element);
  }
}

void save_weights(const std::filesystem::path& path, const PersistentStore& store, const std::string& prefix,
                  const SafetensorsMetadata& metadata) {
  std::vector<std::string> names;
  for (const std::string& name : store.names()) {
    const bool wanted = prefix.empty() ? !is_training_state(name) : name.starts_with(prefix);
    if (wanted) names.push_back(name);
  }
  write_store(path, store, names, prefix, metadata);
}

void load_weights(const std::filesystem::path& path, PersistentStore& store) {
  const SafetensorsFile file(path);
  read_into_store(path, file, store, Types::converted, is_passed_over);
}

void load_weights(const std::filesystem::path& path, PersistentStore& store, std::span<const std::string> names) {
  for (const std::string& name : names)
    check(store.contains(name), "'", name, "' is to be read from ", path.string(), " but is not in the model");
  const std::set<std::string> wanted(names.begin(), names.end());
  const SafetensorsFile file(path);
  read_into_store(path, file, store, Types::converted, [&](const std::string& name) { return !wanted.contains(name); });
}

}  // namespace sleight
