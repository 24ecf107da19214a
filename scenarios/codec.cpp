#include "scenarios/codec.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include <fmt/format.h>

#include "sim/error.hpp"

namespace edgefuse::scenarios {
namespace {

/// The node's text; an override is text as typed, whatever it looks like.
const std::string* text_of(const Node& node) {
  if (const auto* text = std::get_if<std::string>(&node.value)) return text;
  return node.raw.empty() ? nullptr : &node.raw;
}

template <class T>
Parsed<T> wrong(std::string problem, std::string remedy) {
  return {{}, std::move(problem), std::move(remedy)};
}

template <class T>
Parsed<T> wrong_type(const Node& node, std::string_view wanted, std::string remedy) {
  return wrong<T>(fmt::format("is {}, not {}", type_name(node), wanted), std::move(remedy));
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '+' || c == '-';
  });
}

struct Unit {
  const char* name;
  double factor;
};

/// `value` in the largest of `units` in which it reads back as exactly itself; the base unit always does.
template <class Q>
std::string exact(Q value, std::initializer_list<Unit> units, const char* base, Parsed<Q> (*parse)(std::string_view)) {
  for (const auto& [unit, factor] : units) {
    if (value.value < factor) continue;
    const auto text = fmt::format("{} {}", value.value / factor, unit);
    if (const auto parsed = parse(text); parsed && *parsed.value == value) return Text{}.write(text);
  }
  return Text{}.write(fmt::format("{} {}", value.value, base));
}

template <class Q>
Parsed<Q> read_quantity(const Node& node, Parsed<Q> (*parse)(std::string_view), const char* example) {
  if (const auto* text = text_of(node)) return parse(*text);
  if (std::holds_alternative<std::int64_t>(node.value) || std::holds_alternative<double>(node.value)) {
    return wrong<Q>("has no unit", fmt::format("write text with a unit, such as \"{}\"", example));
  }
  return wrong_type<Q>(node, "a quantity", fmt::format("write text with a unit, such as \"{}\"", example));
}

}  // namespace

Parsed<bool> Flag::read(const Node& node) const {
  if (const auto* flag = std::get_if<bool>(&node.value)) return {*flag, {}, {}};
  return wrong_type<bool>(node, "true or false", "write true or false, without quotes");
}
std::string Flag::write(bool value) const {
  return value ? "true" : "false";
}
std::string Flag::describe() const {
  return "true or false";
}

Parsed<std::int64_t> Whole::read(const Node& node) const {
  const auto* value = std::get_if<std::int64_t>(&node.value);
  if (value == nullptr) {
    return wrong_type<std::int64_t>(node, "a whole number", fmt::format("write a {}", describe()));
  }
  if (*value < min || *value > max) {
    return wrong<std::int64_t>(fmt::format("{} is out of range", *value), fmt::format("write a {}", describe()));
  }
  return {*value, {}, {}};
}
std::string Whole::write(std::int64_t value) const {
  return fmt::format("{}", value);
}
std::string Whole::describe() const {
  if (max == std::numeric_limits<std::int64_t>::max()) return fmt::format("whole number from {}", min);
  return fmt::format("whole number from {} to {}", min, max);
}

Parsed<double> Number::read(const Node& node) const {
  double value = 0;
  if (const auto* number = std::get_if<double>(&node.value)) {
    value = *number;
  } else if (const auto* whole = std::get_if<std::int64_t>(&node.value)) {
    value = static_cast<double>(*whole);
  } else {
    return wrong_type<double>(node, "a number", fmt::format("write a {}", describe()));
  }
  const bool above = at_min == End::open ? value > min : value >= min;
  const bool below = at_max == End::open ? value < max : value <= max;
  if (!std::isfinite(value) || !above || !below) {
    return wrong<double>(fmt::format("{} is out of range", value), fmt::format("write a {}", describe()));
  }
  return {value, {}, {}};
}
std::string Number::write(double value) const {
  return fmt::format("{}", value);
}
std::string Number::describe() const {
  const auto from = fmt::format("number {} {}", at_min == End::open ? "above" : "from", min);
  if (max == std::numeric_limits<double>::infinity()) return from;
  if (at_min == End::closed && at_max == End::closed) return fmt::format("{} to {}", from, max);
  return fmt::format("{}, {} {}", from, at_max == End::open ? "below" : "at most", max);
}

Parsed<std::string> Text::read(const Node& node) const {
  const auto* text = text_of(node);
  if (text == nullptr) return wrong_type<std::string>(node, "text", "write it in quotes");
  return {*text, {}, {}};
}
std::string Text::write(const std::string& value) const {
  std::string quoted = "\"";
  for (const char c : value) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (code < 0x20 || code == 0x7f) {
      quoted += fmt::format("\\u{:04x}", code);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}
std::string Text::describe() const {
  return "text";
}

Parsed<std::string> Name::read(const Node& node) const {
  const auto* text = text_of(node);
  if (text == nullptr) return wrong_type<std::string>(node, "text", fmt::format("write a {} in quotes", what));
  if (!is_name(*text)) {
    return wrong<std::string>(fmt::format("\"{}\" is no name", *text), "use letters, digits and . _ + - only");
  }
  return {*text, {}, {}};
}
std::string Name::write(const std::string& value) const {
  return Text{}.write(value);
}
std::string Name::describe() const {
  return what;
}

Parsed<std::size_t> Words::read(const Node& node) const {
  const auto* text = text_of(node);
  if (text == nullptr) return wrong_type<std::size_t>(node, "text", fmt::format("write {}", describe()));
  const auto found = std::find(words.begin(), words.end(), *text);
  if (found != words.end()) return {static_cast<std::size_t>(found - words.begin()), {}, {}};
  const auto near = nearest(*text, words);
  return wrong<std::size_t>(fmt::format("\"{}\" is not known", *text), near.empty()
                                                                           ? fmt::format("write {}", describe())
                                                                           : fmt::format("did you mean \"{}\"?", near));
}
std::string Words::describe() const {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ");
    text += fmt::format("\"{}\"", words[i]);
  }
  return text;
}

Parsed<std::string> Word::read(const Node& node) const {
  auto index = words.read(node);
  if (!index) return wrong<std::string>(std::move(index.problem), std::move(index.remedy));
  return {std::string{words.words[*index.value]}, {}, {}};
}
std::string Word::write(const std::string& value) const {
  return Text{}.write(value);
}
std::string Word::describe() const {
  return words.describe();
}

Parsed<Bytes> Size::read(const Node& node) const {
  return read_quantity(node, sim::parse_bytes, "4 GB");
}
std::string Size::write(Bytes value) const {
  return exact(value, {{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}}, "B", sim::parse_bytes);
}
std::string Size::describe() const {
  return "size such as \"4 GB\"";
}

Parsed<BytesPerSecond> Rate::read(const Node& node) const {
  return read_quantity(node, sim::parse_rate, "20 Mbit/s");
}
std::string Rate::write(BytesPerSecond value) const {
  return exact(value, {{"Gbit/s", 1.25e8}, {"Mbit/s", 1.25e5}, {"kbit/s", 1.25e2}}, "B/s", sim::parse_rate);
}
std::string Rate::describe() const {
  return "rate such as \"20 Mbit/s\" or \"5 MB/s\"";
}

Parsed<Seconds> Duration::read(const Node& node) const {
  return read_quantity(node, sim::parse_seconds, "20 ms");
}
std::string Duration::write(Seconds value) const {
  return exact(value, {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}}, "s", sim::parse_seconds);
}
std::string Duration::describe() const {
  return "duration such as \"20 ms\"";
}

Parsed<Watts> Wattage::read(const Node& node) const {
  return read_quantity(node, sim::parse_watts, "10 W");
}
std::string Wattage::write(Watts value) const {
  return exact(value, {{"kW", 1e3}, {"W", 1}, {"mW", 1e-3}}, "W", sim::parse_watts);
}
std::string Wattage::describe() const {
  return "power such as \"10 W\"";
}

Parsed<Parameters> ParameterTable::read(const Node& node) const {
  const auto* table = std::get_if<Table>(&node.value);
  if (table == nullptr) return wrong_type<Parameters>(node, "a table", "write { parameter = value, ... }");
  Parameters settings;
  for (const auto& [key, entry] : table->entries) {
    if (const auto* flag = std::get_if<bool>(&entry.value)) {
      settings[key] = *flag;
    } else if (const auto* text = std::get_if<std::string>(&entry.value)) {
      settings[key] = *text;
    } else if (auto number = Number{-std::numeric_limits<double>::infinity()}.read(entry)) {
      settings[key] = *number.value;
    } else {
      return wrong<Parameters>(fmt::format("{} is no number, text, true or false", key),
                               "a parameter has one plain value");
    }
  }
  return {std::move(settings), {}, {}};
}
std::string ParameterTable::write(const Parameters& value) const {
  std::string text;
  for (const auto& [key, setting] : value) {
    text += text.empty() ? " " : ", ";
    text += is_name(key) && key.find_first_of(".+") == std::string::npos ? key : Text{}.write(key);
    text += " = ";
    if (const auto* flag = std::get_if<bool>(&setting)) text += Flag{}.write(*flag);
    if (const auto* number = std::get_if<double>(&setting)) text += Number{}.write(*number);
    if (const auto* word = std::get_if<std::string>(&setting)) text += Text{}.write(*word);
  }
  return text.empty() ? "{}" : "{" + text + " }";
}
std::string ParameterTable::describe() const {
  return "table of parameters";
}

}  // namespace edgefuse::scenarios
