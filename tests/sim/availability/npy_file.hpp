#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgefuse::testing {

inline constexpr double nan = NAN;

/// The bytes of values as NumPy writes them.
template <class T>
std::string raw(const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span{values});
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A .npy file of format version `version` with this dictionary and these values.
inline std::string npy(std::string_view dictionary, const std::string& values, char version = 1) {
  std::string bytes{"\x93NUMPY"};
  bytes += {version, '\0'};
  const auto size = static_cast<std::uint32_t>(dictionary.size() + 1);
  for (std::uint32_t i = 0; i < (version == 1 ? 2u : 4u); ++i)
    bytes += static_cast<char>(size >> 8 * i & 0xff);
  return bytes.append(dictionary) + "\n" + values;
}

inline std::string npy_of_doubles(std::string_view shape, const std::vector<double>& values,
                                  std::string_view order = "False") {
  std::string dictionary{"{'descr': '<f8', 'fortran_order': "};
  dictionary.append(order).append(", 'shape': ").append(shape).append(", }");
  return npy(dictionary, raw(values));
}

}  // namespace edgefuse::testing
