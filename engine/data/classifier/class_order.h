// Datasets and weights number the same classes in different orders: names bring them together.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/classifier/dataset.h"

namespace sleight {

// The position in `order` of each of the names; nothing unless both hold the same names, each once.
std::optional<std::vector<std::int32_t>> positions_in(const std::vector<std::string>& order,
                                                      const std::vector<std::string>& names);

// Whose names only one of both has: "only data/ has boat, car; only best.safetensors has ship".
std::string differing_classes(const std::string& origin, const std::vector<std::string>& names,
                              const std::string& other_origin, const std::vector<std::string>& others);

// The dataset with its classes numbered as in `order`, which is what `order_origin` (a file of weights) was trained on.
// Throws Error that lists the differences unless both have the same classes; origin: where the dataset is from.
std::unique_ptr<Dataset> in_class_order(std::unique_ptr<Dataset> dataset, const std::string& origin,
                                        const std::vector<std::string>& order, const std::string& order_origin);

}  // namespace sleight
