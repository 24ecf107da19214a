#include "sim/csv.hpp"

#include <gtest/gtest.h>

#include "sim/error.hpp"

namespace edgefuse {
namespace {

TEST(Csv, KeepsCommasQuotesSpacesAndLineBreaksInsideQuotes) {
  const auto rows = parse_csv("a, b ,\"c, \"\"d\"\"\r\ne\n\nf\",\n", "x.csv");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].fields, (std::vector<std::string>{"a", " b ", "c, \"d\"\r\ne\n\nf", ""}));
}

TEST(Csv, KnowsTheLineOnWhichEachRowBegins) {
  const auto rows = parse_csv("\"1\n2\n3\",x\r\n4,x\r\n\r\n\n7,\"\n\"\n9,x", "x.csv");
  std::vector<int> lines;
  for (const auto& row : rows)
    lines.push_back(row.line);
  EXPECT_EQ(lines, (std::vector<int>{1, 4, 7, 9}));
}

TEST(Csv, EndsTheLastRowWithoutALineBreak) {
  EXPECT_EQ(parse_csv("a,b", "x.csv").at(0).fields, (std::vector<std::string>{"a", "b"}));
}

TEST(Csv, TakesAQuoteInTheMiddleOfAFieldAsItself) {
  EXPECT_EQ(parse_csv("5\" by 3,Why?\",x\n", "x.csv").at(0).fields,
            (std::vector<std::string>{"5\" by 3", "Why?\"", "x"}));
}

TEST(Csv, TakesAQuoteThatClosesNoFieldAsItself) {
  EXPECT_EQ(parse_csv("\"say \"no\" twice\",x\n", "x.csv").at(0).fields,
            (std::vector<std::string>{"say \"no\" twice", "x"}));
}

TEST(Csv, NamesTheFirstLineOfAnUnclosedQuote) {
  try {
    const auto rows = parse_csv("a,b\n\"c\nd,e\nf", "x.csv");
    FAIL() << rows.size() << " rows";
  } catch (const InputError& error) {
    EXPECT_EQ(error.mistakes()[0].line, 2);
    EXPECT_EQ(error.mistakes()[0].file, "x.csv");
  }
}

}  // namespace
}  // namespace edgefuse
