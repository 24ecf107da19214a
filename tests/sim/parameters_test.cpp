#include "sim/parameters.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "sim/error.hpp"
#include "sim/registry.hpp"

namespace edgefuse {
namespace {

const std::vector<ParameterSpec> specs = {
    {.name = "density", .standard = 0.2, .meaning = "share kept", .least = 0, .most = 1},
    {.name = "rank", .standard = 4.0, .meaning = "rank of the result", .least = 1, .whole = true},
    {.name = "scope",
     .standard = std::string{"tensor"},
     .meaning = "what counts as one",
     .choices = {"tensor", "model"}},
    {.name = "rescale", .standard = false, .meaning = "keep the norm"}};

std::string complaint(const Parameters& given) {
  try {
    (void)complete("ties", specs, given, {.file = "a.toml", .line = 3, .key = "fusion"});
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

TEST(Parameters, WhatIsNotGivenHasItsDefault) {
  const auto all = complete("ties", specs, {{"rank", 8.0}}, {});
  EXPECT_EQ(all.size(), specs.size());
  EXPECT_EQ(number(all, "density"), 0.2);
  EXPECT_EQ(number(all, "rank"), 8);
  EXPECT_EQ(word(all, "scope"), "tensor");
  EXPECT_FALSE(flag(all, "rescale"));
}

TEST(Parameters, BoundsAreAllowedValues) {
  EXPECT_EQ(complaint({{"density", 0.0}}), "");
  EXPECT_EQ(complaint({{"density", 1.0}}), "");
  EXPECT_EQ(complaint({{"rank", 1.0}}), "");
}

TEST(Parameters, EachMistakeSaysWhatWouldBeRight) {
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::pair<Parameters, std::string>> table = {
      {{{"denisty", 0.3}}, "a.toml:3: fusion.denisty: unknown parameter of ties (did you mean density?)"},
      {{{"elephant", 0.3}},
       "a.toml:3: fusion.elephant: unknown parameter of ties (ties knows density, rank, scope, rescale)"},
      {{{"density", -0.1}}, "a.toml:3: fusion.density: -0.1 is not possible (give a number from 0 to 1)"},
      {{{"density", nan}}, "a.toml:3: fusion.density: nan is not possible (give a number from 0 to 1)"},
      {{{"rank", 2.5}}, "a.toml:3: fusion.rank: 2.5 is not possible (give a whole number, at least 1)"},
      {{{"scope", std::string{"row"}}}, "a.toml:3: fusion.scope: \"row\" is not a choice (one of tensor, model)"},
      {{{"rescale", 1.0}}, "a.toml:3: fusion.rescale: is a number (give true or false)"},
      {{{"density", std::string{"half"}}}, "a.toml:3: fusion.density: is text (give a number)"}};
  for (const auto& [given, wanted] : table)
    EXPECT_EQ(complaint(given), wanted);
}

TEST(Parameters, AllMistakesComeTogether) {
  EXPECT_EQ(complaint({{"density", 2.0}, {"rank", 0.0}, {"scpe", true}}),
            "a.toml:3: fusion.density: 2 is not possible (give a number from 0 to 1)\n"
            "a.toml:3: fusion.rank: 0 is not possible (give a whole number, at least 1)\n"
            "a.toml:3: fusion.scpe: unknown parameter of ties (did you mean scope?)");
}

TEST(ParametersDeath, AskingForWhatIsNotThereBreaksAnInvariant) {
  const auto all = complete("ties", specs, {}, {});
  EXPECT_DEATH((void)number(all, "lambda"), "only the parameters it documents");
  EXPECT_DEATH((void)number(all, "scope"), "is a number");
}

struct Animal {
  explicit Animal(double number_of_legs) : legs{number_of_legs} {}
  double legs;
};

Registry<Animal> animals() {
  return {"animal",
          {{.name = "spider",
            .summary = "spins",
            .parameters = {{.name = "legs", .standard = 8.0, .meaning = "how many", .least = 0}},
            .make = [](const Parameters& p) { return std::make_unique<Animal>(number(p, "legs")); }},
           {.name = "ant", .summary = "carries", .parameters = {}, .make = [](const Parameters&) {
              return std::make_unique<Animal>(6);
            }}}};
}

TEST(Registry, MakesAMethodByNameWithItsParameters) {
  EXPECT_EQ(animals().make("spider")->legs, 8);
  EXPECT_EQ(animals().make("spider", {{"legs", 7.0}})->legs, 7);
  EXPECT_EQ(animals().make("ant")->legs, 6);
}

TEST(Registry, AnUnknownNameIsAnsweredWithTheNearest) {
  try {
    (void)animals().make("spidre", {}, {.file = "b.toml", .line = 9, .key = "zoo.animal"});
    FAIL() << "a spidre was made";
  } catch (const InputError& error) {
    EXPECT_EQ(std::string{error.what()},
              "b.toml:9: zoo.animal: unknown animal \"spidre\" (did you mean \"spider\"? known: spider, ant)");
  }
}

}  // namespace
}  // namespace edgefuse
