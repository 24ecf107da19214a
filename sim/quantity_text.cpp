#include "sim/quantity_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <system_error>

#include <fmt/format.h>

namespace edgefuse::sim {
namespace {

struct Unit {
  std::string_view name;
  double factor;  // in the unit of the Quantity
};

/// What one parser accepts. Zero is a size, a latency or an idle power, but no rate: nothing would ever finish, nor in
/// the 292 years of virtual time at less than one of the smallest unit.
struct Grammar {
  std::span<const Unit> units;
  std::string_view noun;     // "size"
  std::string_view example;  // "8 GB"
  bool is_rate = false;
};

constexpr double kibi = 1024;

constexpr auto byte_units = std::to_array<Unit>({{"B", 1},
                                                 {"kB", 1e3},
                                                 {"MB", 1e6},
                                                 {"GB", 1e9},
                                                 {"TB", 1e12},
                                                 {"KiB", kibi},
                                                 {"MiB", kibi* kibi},
                                                 {"GiB", kibi* kibi* kibi},
                                                 {"TiB", kibi* kibi* kibi* kibi}});
constexpr auto rate_units = std::to_array<Unit>({{"bit/s", 0.125},
                                                 {"kbit/s", 125},
                                                 {"Mbit/s", 125e3},
                                                 {"Gbit/s", 125e6},
                                                 {"Tbit/s", 125e9},
                                                 {"B/s", 1},
                                                 {"kB/s", 1e3},
                                                 {"MB/s", 1e6},
                                                 {"GB/s", 1e9},
                                                 {"TB/s", 1e12}});
constexpr auto time_units =
    std::to_array<Unit>({{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}});
constexpr auto flops_units = std::to_array<Unit>(
    {{"FLOP/s", 1}, {"kFLOP/s", 1e3}, {"MFLOP/s", 1e6}, {"GFLOP/s", 1e9}, {"TFLOP/s", 1e12}, {"PFLOP/s", 1e15}});
constexpr auto watt_units = std::to_array<Unit>({{"mW", 1e-3}, {"W", 1}, {"kW", 1e3}});
constexpr auto joule_units =
    std::to_array<Unit>({{"mJ", 1e-3}, {"J", 1}, {"kJ", 1e3}, {"MJ", 1e6}, {"Wh", 3600}, {"kWh", 3.6e6}});

constexpr Grammar bytes_grammar{byte_units, "size", "8 GB"};
constexpr Grammar rate_grammar{rate_units, "rate", "20 Mbit/s", true};
constexpr Grammar time_grammar{time_units, "time", "30 s"};
constexpr Grammar flops_grammar{flops_units, "compute rate", "1.28 TFLOP/s", true};
constexpr Grammar watt_grammar{watt_units, "power", "5 W"};
constexpr Grammar joule_grammar{joule_units, "energy", "10 kJ"};

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string known_units(const Grammar& grammar) {
  std::string names;
  for (const auto& unit : grammar.units) {
    const bool last = &unit == &grammar.units.back();
    names += fmt::format("{}{}", names.empty() ? "" : last ? " or " : ", ", unit.name);
  }
  return names;
}

template <class Q>
Parsed<Q> parse(std::string_view text, const Grammar& grammar) {
  const auto body = trim(text);
  const auto refused = [&](std::string_view why) {
    return Parsed<Q>{{},
                     fmt::format("\"{}\" {}", text, why),
                     fmt::format("use a number with {}, such as \"{}\"", known_units(grammar), grammar.example)};
  };
  double number = 0;
  const auto [end, status] = std::from_chars(body.data(), body.data() + body.size(), number);
  if (status == std::errc::result_out_of_range) return refused("has a number that is out of range");
  if (status != std::errc{}) return refused(fmt::format("is not a {}", grammar.noun));
  if (!std::isfinite(number)) return refused("is not finite");

  const auto name = trim(body.substr(static_cast<std::size_t>(end - body.data())));
  if (name.empty()) return refused("has no unit");
  const auto unit = std::ranges::find(grammar.units, name, &Unit::name);
  if (unit == grammar.units.end()) return refused(fmt::format("has the unknown unit \"{}\"", name));

  const double value = number * unit->factor;
  if (!std::isfinite(value)) return refused("has a number that is out of range");
  if (std::signbit(number) && number != 0) return refused("is negative");
  if (grammar.is_rate && value == 0) return refused("is zero");
  if (const auto& least = grammar.units.front(); grammar.is_rate && value < least.factor)
    return refused(fmt::format("is less than 1 {}", least.name));
  return {Q{std::abs(value)}, {}, {}};
}

/// Three significant digits without an exponent: 9.99, 12.5, 999, and 1000 and more in whole numbers.
std::string three_digits(double value) {
  const double size = std::abs(value);
  if (size < 9.995) return fmt::format("{:.2f}", value);
  if (size < 99.95) return fmt::format("{:.1f}", value);
  return fmt::format("{:.0f}", value);
}

/// `units` from small to large.
std::string show(double value, std::span<const Unit> units) {
  const Unit* chosen = &units.front();
  for (const auto& unit : units) {
    if (std::abs(value) >= unit.factor) chosen = &unit;
  }
  if (value == 0) return fmt::format("0 {}", std::ranges::find(units, 1.0, &Unit::factor)->name);
  return fmt::format("{} {}", three_digits(value / chosen->factor), chosen->name);
}

}  // namespace

Parsed<Bytes> parse_bytes(std::string_view text) {
  return parse<Bytes>(text, bytes_grammar);
}
Parsed<BytesPerSecond> parse_rate(std::string_view text) {
  return parse<BytesPerSecond>(text, rate_grammar);
}
Parsed<Seconds> parse_seconds(std::string_view text) {
  return parse<Seconds>(text, time_grammar);
}
Parsed<FlopsPerSecond> parse_flops_rate(std::string_view text) {
  return parse<FlopsPerSecond>(text, flops_grammar);
}
Parsed<Watts> parse_watts(std::string_view text) {
  return parse<Watts>(text, watt_grammar);
}
Parsed<Joules> parse_joules(std::string_view text) {
  return parse<Joules>(text, joule_grammar);
}

std::string to_text(Bytes size) {
  return show(size.value, std::span{byte_units}.first<5>());
}
std::string to_text(BytesPerSecond rate) {
  return show(rate.value, std::span{rate_units}.last<5>());
}
std::string to_text(Seconds duration) {
  return show(duration.value, time_units);
}
std::string to_text(FlopsPerSecond rate) {
  return show(rate.value, flops_units);
}
std::string to_text(Watts power) {
  return show(power.value, watt_units);
}
std::string to_text(Joules energy) {
  return show(energy.value, std::span{joule_units}.first<4>());
}

}  // namespace edgefuse::sim
