#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/units.hpp"

namespace edgefuse::sim {

/// A quantity read from text, or what is wrong with the text and what would mend it: the two parts a Mistake wants.
template <class Q>
struct Parsed {
  std::optional<Q> value{};
  std::string problem{};
  std::string remedy{};

  [[nodiscard]] explicit operator bool() const { return value.has_value(); }
};

/// Each reads a decimal number and a unit ("8 GB", "1.5e3 kB", "20Mbit/s"). Refused, never guessed: no unit, an unknown
/// unit, a negative or infinite number. Decimal prefixes are powers of 1000, Ki, Mi, Gi, Ti powers of 1024.

/// B, kB, MB, GB, TB, KiB, MiB, GiB, TiB.
[[nodiscard]] Parsed<Bytes> parse_bytes(std::string_view text);
/// bit/s and B/s with the prefixes k, M, G, T; at least 1 bit/s.
[[nodiscard]] Parsed<BytesPerSecond> parse_rate(std::string_view text);
/// ns, us, ms, s, min, h, d.
[[nodiscard]] Parsed<Seconds> parse_seconds(std::string_view text);
/// FLOP/s with the prefixes k, M, G, T, P; at least 1 FLOP/s.
[[nodiscard]] Parsed<FlopsPerSecond> parse_flops_rate(std::string_view text);
/// mW, W, kW.
[[nodiscard]] Parsed<Watts> parse_watts(std::string_view text);
/// mJ, J, kJ, MJ, Wh, kWh.
[[nodiscard]] Parsed<Joules> parse_joules(std::string_view text);

/// Three significant digits in the largest unit that leaves at least 1 before the point, such as "1.25 GB", for
/// messages and tables. Times read "950 ms", "12.5 s", "3.20 min", "1.50 h", "2.00 d".
[[nodiscard]] std::string to_text(Bytes size);
[[nodiscard]] std::string to_text(BytesPerSecond rate);
[[nodiscard]] std::string to_text(Seconds duration);
[[nodiscard]] std::string to_text(FlopsPerSecond rate);
[[nodiscard]] std::string to_text(Watts power);
[[nodiscard]] std::string to_text(Joules energy);

}  // namespace edgefuse::sim
