#pragma once

#include <string>
#include <string_view>

namespace edgefuse::server {

/// `text` as an XML 1.0 document may hold it: & < > " ' become entities; bytes that are not UTF-8 and characters that
/// XML forbids become U+FFFD.
[[nodiscard]] std::string xml_escaped(std::string_view text);

/// A picture in SVG 1.1 that needs nothing else: light background, sans-serif letters. Coordinates in px, y downwards.
/// Whatever is given as text is escaped here.
class Svg {
 public:
  struct Letters {
    std::string_view anchor = "start";  // "start", "middle" or "end"
    double size = 12;
    std::string_view colour = "#222222";
    bool bold = false;
    double turned = 0;  // degrees, clockwise, about (x, y)
  };

  /// `css_class` tells programs what it is, `hint` those who point at it; both may be empty.
  void rectangle(double x, double y, double width, double height, std::string_view colour,
                 std::string_view css_class = {}, std::string_view hint = {});
  /// `y` is the base line.
  void text(double x, double y, std::string_view text, const Letters& letters);
  void text(double x, double y, std::string_view text) { this->text(x, y, text, Letters{}); }

  /// The whole document; `title` is what it is called where pictures are read aloud.
  [[nodiscard]] std::string finished(double width, double height, std::string_view title) const;

 private:
  std::string body_;
};

}  // namespace edgefuse::server
