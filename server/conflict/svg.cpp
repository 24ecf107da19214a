#include "server/conflict/svg.hpp"

#include <cstddef>

#include <fmt/format.h>

#include "sim/utf8.hpp"

namespace edgefuse::server {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

void append_escaped(std::string& result, std::string_view valid) {
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    const auto three = valid.substr(i, 3);
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '"') {
      result += "&quot;";
    } else if (c == '\'') {
      result += "&apos;";
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') {
      result += replacement;
    } else if (three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF") {  // U+FFFE, U+FFFF
      result += replacement;
      i += 2;
    } else {
      result += c;
    }
  }
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string result;
  while (const auto invalid = first_invalid_utf8(text)) {
    append_escaped(result, text.substr(0, *invalid));
    result += replacement;
    text.remove_prefix(*invalid + 1);
  }
  append_escaped(result, text);
  return result;
}

void Svg::rectangle(double x, double y, double width, double height, std::string_view colour,
                    std::string_view css_class, std::string_view hint) {
  body_ += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}")", x, y, width, height,
                       xml_escaped(colour));
  if (!css_class.empty()) body_ += fmt::format(R"( class="{}")", xml_escaped(css_class));
  body_ += hint.empty() ? "/>\n" : fmt::format("><title>{}</title></rect>\n", xml_escaped(hint));
}

void Svg::text(double x, double y, std::string_view text, const Letters& letters) {
  body_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" font-size="{:g}" text-anchor="{}" fill="{}")", x, y, letters.size,
                       xml_escaped(letters.anchor), xml_escaped(letters.colour));
  if (letters.bold) body_ += R"( font-weight="bold")";
  if (letters.turned != 0)
    body_ += fmt::format(R"svg( transform="rotate({:g} {:.1f} {:.1f})")svg", letters.turned, x, y);
  body_ += fmt::format(">{}</text>\n", xml_escaped(text));
}

std::string Svg::finished(double width, double height, std::string_view title) const {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "font-family=\"sans-serif\" role=\"img\">\n<title>{2}</title>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{3}</svg>\n",
      width, height, xml_escaped(title), body_);
}

}  // namespace edgefuse::server
