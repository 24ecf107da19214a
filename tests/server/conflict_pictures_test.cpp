#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "server/conflict/conflict_table.hpp"
#include "server/conflict/diagnostics_summary.hpp"
#include "server/conflict/diverging_colour.hpp"
#include "server/conflict/heat_map.hpp"
#include "server/conflict/svg.hpp"
#include "sim/text_width.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server {
namespace {

using testing::random_contributions;

/// What a world of `count` adapters looks like, made up but consistent.
struct Diagnosed {
  std::vector<ModuleDiagnostics> modules;
  ConflictSummary summary;
  std::vector<std::string> names;
};

Diagnosed diagnosed(std::uint32_t count) {
  const auto contributions = random_contributions(count, 421);
  Diagnosed all{.modules = diagnose(source_of(contributions)), .summary = {}, .names = {}};
  all.summary = summarise(all.modules, count);
  for (std::uint32_t i = 0; i < count; ++i)
    all.names.push_back("client " + std::to_string(i));
  return all;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (auto end = text.find('\n'); end != text.npos; end = text.find('\n', begin)) {
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + what.size()))
    ++count;
  return count;
}

/// Why `text` is not well-formed XML; empty when it is. Knows elements, attributes, the five entities and the
/// declaration, which is all that we write.
std::string malformation(const std::string& text) {
  static const std::regex tag{R"re(<(\?xml( [a-z]+="[^"<]*")+\?|/[a-z]+|[a-z]+( [A-Za-z:-]+="[^"<]*")*/?)>)re"};
  static const std::regex stray{R"re(&(?!(amp|lt|gt|quot|apos);)|[\x01-\x08\x0b\x0c\x0e-\x1f])re"};
  if (std::smatch found; std::regex_search(text, found, stray)) return "stray character at " + found.str();
  std::vector<std::string> open;
  std::size_t at = 0;
  for (std::sregex_iterator it{text.begin(), text.end(), tag}, end; it != end; ++it) {
    const auto between = text.substr(at, static_cast<std::size_t>(it->position()) - at);
    if (between.find_first_of("<>") != between.npos) return "not a tag: " + between;
    at = static_cast<std::size_t>(it->position() + it->length());
    const auto inside = it->str(1);
    const auto name =
        inside.substr(inside[0] == '/' ? 1 : 0, inside.find_first_of(" /", 1) - (inside[0] == '/' ? 1 : 0));
    if (inside[0] == '?' || inside.back() == '/') continue;
    if (inside[0] != '/') {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "</" + name + "> closes nothing";
    } else {
      open.pop_back();
    }
  }
  if (text.find_first_of("<>", at) != text.npos) return "not a tag at the end";
  return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

TEST(ConflictTable, HasAnAlignedLineForEachModuleAndOneForAll) {
  auto all = diagnosed(4);
  all.names[2] = "Ärzte";  // characters are aligned, not bytes
  const auto lines = lines_of(conflict_table(all.modules, all.summary, all.names));
  ASSERT_GE(lines.size(), 7U);
  for (std::size_t i = 0; i < 7; ++i)
    EXPECT_EQ(text_width(lines[i]), text_width(lines[0])) << lines[i];
  EXPECT_TRUE(lines[2].starts_with("model.layers.0.self_attn.q_proj ")) << lines[2];
  EXPECT_TRUE(lines[4].starts_with("model.layers.1.mlp.gate_proj ")) << lines[4];
  EXPECT_TRUE(lines[6].starts_with("all modules ")) << lines[6];
}

TEST(ConflictTable, SaysWhatWasFound) {
  const ModuleDiagnostics module{
      .module = testing::q0,
      .changes = 3,
      .entries = 714,
      .contested = 700,
      .pairs = {{.first = 0, .second = 1, .cosine = 0.25}, {.first = 1, .second = 2, .cosine = -0.0317}},
      .mean_cosine = 0.1,
      .disagreement = 0.7512,
      .excess = -0.0004,
      .cancelled_mass = 0.3};
  const std::vector<std::string> names = {"law", "music", "an adapter whose name is far too long"};
  const auto table = conflict_table(std::vector{module}, summarise(std::vector{module}, 3), names);
  EXPECT_NE(table.find("model.layers.0.self_attn.q_proj        3  +0.100  -0.032 music × an adapter …far too long"),
            table.npos)
      << table;
  EXPECT_NE(table.find("75.1 %   0.0 %     30.0 %"), table.npos) << table;
}

TEST(ConflictTable, OfNothingSaysSo) {
  const auto lines = lines_of(conflict_table({}, summarise({}, 0), {}));
  EXPECT_NE(lines[2].find("─"), std::string::npos);
  EXPECT_TRUE(lines[3].starts_with("all modules        0       –  –")) << lines[3];
}

TEST(Svg, EscapesWhatXmlCannotHold) {
  EXPECT_EQ(xml_escaped("a < b & \"c\" > 'd'"), "a &lt; b &amp; &quot;c&quot; &gt; &apos;d&apos;");
  EXPECT_EQ(xml_escaped("Ärzte ✓"), "Ärzte ✓");
  EXPECT_EQ(xml_escaped("bell\a, \xff, half \xc3"), "bell\xEF\xBF\xBD, \xEF\xBF\xBD, half \xEF\xBF\xBD");
  EXPECT_EQ(xml_escaped("no character: \xEF\xBF\xBF."), "no character: \xEF\xBF\xBD.");
}

TEST(Svg, MalformationsAreFoundByTheCheckOfTheseTests) {
  EXPECT_EQ(malformation("<svg a=\"1\"><rect/><text>x</text></svg>"), "");
  for (const auto* bad : {"<svg>", "<svg></text>", "<svg>a < b</svg>", "<svg>a & b</svg>", "<svg a=1></svg>", "</svg>"})
    EXPECT_NE(malformation(bad), "") << bad;
}

TEST(DivergingColour, GoesFromBlueOverWhiteToRed) {
  EXPECT_EQ(diverging_colour(-1), "#2166ac");
  EXPECT_EQ(diverging_colour(0), "#f7f7f7");
  EXPECT_EQ(diverging_colour(1), "#b2182b");
  EXPECT_EQ(diverging_colour(0.25), "#f6cebd");
  EXPECT_EQ(diverging_colour(-7), diverging_colour(-1));
}

TEST(HeatMap, HasACellForEachTwoAdaptersAndEachFigureOfAModule) {
  for (const std::uint32_t count : {1U, 2U, 7U, 13U}) {
    const auto all = diagnosed(count);
    const auto svg = heat_map(all.summary, all.modules, all.names, "Conflict");
    EXPECT_EQ(malformation(svg), "") << count;
    EXPECT_EQ(count_of(svg, "class=\"pair\""), count * (count - 1)) << count;
    EXPECT_EQ(count_of(svg, "class=\"itself\""), count) << count;
    EXPECT_EQ(count_of(svg, "class=\"module\""), 3U * 3U) << count;
  }
}

TEST(HeatMap, ShowsValuesWhereThereIsRoomAndElsewhereWhenPointedAt) {
  const auto few = diagnosed(4);
  const auto many = diagnosed(50);
  const auto svg = heat_map(few.summary, few.modules, few.names, "Few");
  EXPECT_EQ(count_of(svg, "text-anchor=\"middle\""), 4U * 3U + 9U + 3U + 3U)
      << "pairs, modules, their heads, the legend";
  const auto large = heat_map(many.summary, many.modules, many.names, "Many");
  EXPECT_EQ(count_of(large, "text-anchor=\"middle\""), 9U + 3U + 3U);
  EXPECT_EQ(count_of(large, "<title>client 3 × client 4: cosine "), 1U);
  EXPECT_EQ(malformation(large), "");
}

TEST(HeatMap, EscapesNames) {
  auto all = diagnosed(2);
  all.names = {"<law> & \"order\"", "R&D\x01"};
  const auto svg = heat_map(all.summary, all.modules, all.names, "a < b");
  EXPECT_EQ(malformation(svg), "");
  EXPECT_NE(svg.find("&lt;law&gt; &amp; &quot;order&quot;"), svg.npos);
  EXPECT_NE(svg.find("<title>a &lt; b</title>"), svg.npos);
}

TEST(HeatMap, SaysWhatTheEndsOfItsColoursAre) {
  ModuleDiagnostics module{.module = testing::q0,
                           .changes = 2,
                           .entries = 10,
                           .contested = 10,
                           .pairs = {{.first = 0, .second = 1, .entries = 10, .shared = 10, .cosine = -0.04}},
                           .mean_cosine = -0.04,
                           .disagreement = 0.65,
                           .excess = 0.15,
                           .cancelled_mass = 0.6};
  const std::vector<std::string> names = {"a", "b"};
  const auto svg = heat_map(summarise(std::vector{module}, 2), std::vector{module}, names, "Ends");
  EXPECT_NE(svg.find(">0.05</text>"), svg.npos) << "cosine";
  EXPECT_NE(svg.find(">-0.05</text>"), svg.npos) << "cosine";
  EXPECT_NE(svg.find(">0.2</text>"), svg.npos) << "excess";
  EXPECT_NE(svg.find(">-0.2</text>"), svg.npos) << "excess";
  EXPECT_NE(svg.find(">1</text>"), svg.npos) << "cancelled";
  EXPECT_EQ(svg.find(">-1</text>"), svg.npos) << "no mass is negative";
  EXPECT_NE(svg.find(">-0.040</text>"), svg.npos) << "three digits where the scale is small";
}

TEST(HeatMap, MarksPairsWithoutAModuleInCommon) {
  auto contributions = random_contributions(3, 422);
  contributions[2].delta.clear();
  const auto modules = diagnose(source_of(contributions));
  const std::vector<std::string> names = {"a", "b", "without any"};
  const auto svg = heat_map(summarise(modules, 3), modules, names, "Gaps");
  EXPECT_EQ(count_of(svg, "<title>a × without any: cosine –</title>"), 1U);
  EXPECT_EQ(malformation(svg), "");
}

TEST(HeatMap, OfNothingIsStillAPicture) {
  EXPECT_EQ(malformation(heat_map(summarise({}, 0), {}, {}, "Nothing")), "");
}

}  // namespace
}  // namespace edgefuse::server
