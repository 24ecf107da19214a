#include "server/conflict/diverging_colour.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <fmt/format.h>

namespace edgefuse::server {
namespace {

using Colour = std::array<double, 3>;
/// At -1, -1/2, 0, 1/2, 1.
constexpr std::array<Colour, 5> stops = {
    {{33, 102, 172}, {146, 197, 222}, {247, 247, 247}, {244, 165, 130}, {178, 24, 43}}};

}  // namespace

std::string diverging_colour(double value) {
  const double place = 2 * (std::clamp(value, -1.0, 1.0) + 1);
  const auto below = std::min(static_cast<std::size_t>(place), stops.size() - 2);
  const double share = place - static_cast<double>(below);
  std::array<int, 3> mixed{};
  for (std::size_t i = 0; i < 3; ++i)
    mixed[i] = static_cast<int>(std::lround(stops[below][i] + share * (stops[below + 1][i] - stops[below][i])));
  return fmt::format("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2]);
}

std::string_view ink_on_diverging(double value) {
  return std::abs(value) > 0.75 ? "#ffffff" : "#222222";
}

}  // namespace edgefuse::server
