#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "sim/link.hpp"
#include "sim/units.hpp"

namespace edgefuse::clients {

/// What training an adapter of one rank on one variant would cost a client.
struct Prospect {
  std::uint32_t variant = 0;  // index into the offered variants
  double ratio = 0;
  std::int64_t parameters = 0;  // of the variant
  double kept = 1;              // of the base's parameters, that share
  std::int64_t rank = 0;
  std::optional<double> quality{};  // of the variant before it is trained: the base's perplexity over its own
  Bytes peak_memory{};
  Bytes download{};
  Bytes upload{};
  Seconds work{};     // of computing, on the undisturbed, cool device
  Seconds compute{};  // what it expects that to take
  Seconds time{};     // from the invitation to the update's arrival
  Joules energy{};
};

/// From the invitation to the update's arrival over `link`, with `overhead` on both messages.
[[nodiscard]] constexpr Seconds time_over(const sim::Link& link, const Prospect& prospect, Bytes overhead) {
  return sim::download_time(link, prospect.download + overhead) + prospect.compute +
         sim::upload_time(link, prospect.upload + overhead);
}

/// The order of prospects from small to large: by the variant, then by the rank.
struct Size {
  std::int64_t parameters = 0;
  std::int64_t rank = 0;

  friend auto operator<=>(const Size&, const Size&) = default;
};
[[nodiscard]] constexpr Size size_of(const Prospect& prospect) {
  return {prospect.parameters, prospect.rank};
}

}  // namespace edgefuse::clients
