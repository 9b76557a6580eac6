#include "engine/data/classifier/class_order.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace sleight {

namespace {

std::vector<std::string> only_in(const std::vector<std::string>& names, const std::vector<std::string>& others) {
  const std::set<std::string> known(others.begin(), others.end());
  std::vector<std::string> only;
  std::ranges::copy_if(names, std::back_inserter(only), [&](const std::string& name) { return !known.contains(name); });
  return only;
}

class ReorderedClasses : public Dataset {
 public:
  ReorderedClasses(std::unique_ptr<Dataset> dataset, std::vector<std::string> names,
                   std::vector<std::int32_t> positions)
      : dataset_(std::move(dataset)), names_(std::move(names)), positions_(std::move(positions)) {}

  std::int64_t size() const override { return dataset_->size(); }
  const std::vector<std::string>& class_names() const override { return names_; }
  std::int32_t label(std::int64_t index) const override {
    return positions_[static_cast<std::size_t>(dataset_->label(index))];
  }
  std::string found() const override { return dataset_->found(); }
  std::string name(std::int64_t index) const override { return dataset_->name(index); }
  void read(std::int64_t index, StoredImage& image) const override { dataset_->read(index, image); }
  const std::vector<std::string>& warnings() const override { return dataset_->warnings(); }

 private:
  std::unique_ptr<Dataset> dataset_;
  std::vector<std::string> names_;
  std::vector<std::int32_t> positions_;  // of the dataset's classes among the names
};

}  // namespace

std::optional<std::vector<std::int32_t>> positions_in(const std::vector<std::string>& order,
                                                      const std::vector<std::string>& names) {
  std::map<std::string, std::int32_t> position_of;
  for (std::size_t i = 0; i < order.size(); ++i)
    position_of.emplace(order[i], static_cast<std::int32_t>(i));
  std::vector<std::int32_t> positions;
  for (const std::string& name : names) {
    const auto found = position_of.find(name);
    if (found == position_of.end()) return std::nullopt;
    positions.push_back(found->second);
    position_of.erase(found);
  }
  if (names.size() != order.size()) return std::nullopt;
  return positions;
}

std::string differing_classes(const std::string& origin, const std::vector<std::string>& names,
                              const std::string& other_origin, const std::vector<std::string>& others) {
  std::vector<std::string> parts;
  if (const auto only = only_in(names, others); !only.empty())
    parts.push_back("only " + origin + " has " + listed(only));
  if (const auto only = only_in(others, names); !only.empty())
    parts.push_back("only " + other_origin + " has " + listed(only));
  if (parts.empty()) parts.emplace_back("one of them names a class twice");
  return joined(
      parts, [](const std::string& part) { return part; }, "; ");
}

std::unique_ptr<Dataset> in_class_order(std::unique_ptr<Dataset> dataset, const std::string& origin,
                                        const std::vector<std::string>& order, const std::string& order_origin) {
  const std::vector<std::string>& names = dataset->class_names();
  if (names == order) return dataset;
  auto positions = positions_in(order, names);
  check(positions.has_value(), origin, " has other classes (", names.size(), ") than ", order_origin,
        " was trained on (", order.size(), "): ", differing_classes(origin, names, order_origin, order),
        ". Rename the classes, or take weights of these");
  return std::make_unique<ReorderedClasses>(std::move(dataset), order, std::move(*positions));
}

}  // namespace sleight
