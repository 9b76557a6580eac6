#include "engine/image/color_matrix.h"

#include <cmath>
#include <cstddef>

namespace sleight {

namespace {

// RGB to YIQ (NTSC). The rows of I and Q sum to 0, so a rotation of (I, Q) does not change grays.
constexpr ColorMatrix rgb_to_yiq = {{{0.299, 0.587, 0.114}, {0.5959, -0.2746, -0.3213}, {0.2115, -0.5227, 0.3112}}};

ColorMatrix inverse(const ColorMatrix& m) {
  // Cofactors with cyclic indices include their sign.
  const auto cofactor = [&m](std::size_t i, std::size_t j) {
    const std::size_t i1 = (i + 1) % 3, i2 = (i + 2) % 3, j1 = (j + 1) % 3, j2 = (j + 2) % 3;
    return m[i1][j1] * m[i2][j2] - m[i1][j2] * m[i2][j1];
  };
  const double determinant = m[0][0] * cofactor(0, 0) + m[0][1] * cofactor(0, 1) + m[0][2] * cofactor(0, 2);
  ColorMatrix result{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      result[j][i] = cofactor(i, j) / determinant;
  return result;
}

}  // namespace

ColorMatrix multiply(const ColorMatrix& a, const ColorMatrix& b) {
  ColorMatrix product{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 3; ++k)
        product[i][j] += a[i][k] * b[k][j];
  return product;
}

ColorMatrix saturation_matrix(double factor) {
  ColorMatrix matrix{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      matrix[i][j] = (i == j ? factor : 0.0) + (1.0 - factor) * luma[j];
  return matrix;
}

ColorMatrix hue_matrix(double radians) {
  const ColorMatrix turn = {
      {{1, 0, 0}, {0, std::cos(radians), -std::sin(radians)}, {0, std::sin(radians), std::cos(radians)}}};
  return multiply(inverse(rgb_to_yiq), multiply(turn, rgb_to_yiq));
}

}  // namespace sleight
