#include "data/atlas/atlas.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "data/atlas/limits.hpp"
#include "data/atlas/words.hpp"
#include "sim/error.hpp"
#include "sim/random.hpp"

namespace edgefuse::data::atlas {
namespace {

// The client word of the streams of Domain::atlas_world; the round word is the domain's number where there is one.
constexpr std::uint32_t name_stream = 0;
constexpr std::uint32_t value_stream = 1;
constexpr std::uint32_t conflict_stream = 2;

std::size_t blocks_for(std::int64_t names) {
  return (static_cast<std::size_t>(names) + name_words - 1) / name_words;
}

class Checks {
 public:
  void within(std::string_view key, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value >= low && value <= high) return;
    mistakes_.push_back({.key = std::string{key},
                         .problem = fmt::format("{} is out of range", value),
                         .remedy = fmt::format("use {} to {}", low, high)});
  }
  void add(Mistake mistake) { mistakes_.push_back(std::move(mistake)); }
  [[nodiscard]] bool passed() const { return mistakes_.empty(); }
  void finish() {
    if (!passed()) throw InputError{std::move(mistakes_)};
  }

 private:
  std::vector<Mistake> mistakes_;
};

void check(const AtlasOptions& o) {
  Checks checks;
  checks.within("domains", o.domains, 1, most_domains);
  checks.within("public_entities", o.public_entities, 1, most_entities);
  checks.within("private_entities", o.private_entities, 1, most_entities);
  checks.within("relations", o.relations, 1, most_relations);
  checks.within("values", o.values, fewest_values, most_values);
  if (!(o.conflict >= 0 && o.conflict <= 1))
    checks.add({.key = "conflict", .problem = fmt::format("{} is not a share", o.conflict), .remedy = "use 0 to 1"});
  else if (o.conflict > 0 && o.domains == 1)
    checks.add({.key = "conflict", .problem = "one domain has none to be in conflict with", .remedy = "use 0"});
  if (checks.passed() &&
      blocks_for(most_domains * o.public_entities) + blocks_for(o.domains * o.private_entities) > name_words)
    checks.add({.key = "private_entities",
                .problem = fmt::format("there are {} names only", name_words * name_words),
                .remedy = "use fewer entities or domains"});
  checks.finish();
}

std::vector<std::size_t> permutation(sim::Draws& draws) {
  std::vector<std::size_t> order(name_words);
  std::iota(order.begin(), order.end(), std::size_t{0});
  draws.shuffle(order);
  return order;
}

/// All names there are, each once: in block b, given name i meets family name i + shift(b), so any 32 neighbours hold
/// every word once and the public text knows the words of all private names. Public names are the first blocks.
class Names {
 public:
  explicit Names(const AtlasOptions& options) {
    sim::Draws everybody{{options.public_seed, sim::Domain::atlas_world, 0, name_stream}};
    given_ = permutation(everybody);
    family_ = permutation(everybody);
    shifts_ = permutation(everybody);
    // Room for the public names of every possible domain, so that private names do not depend on how many there are.
    first_private_ = blocks_for(most_domains * options.public_entities);
    std::vector<std::size_t> rest(shifts_.begin() + static_cast<std::ptrdiff_t>(first_private_), shifts_.end());
    sim::Draws edges{{options.seed, sim::Domain::atlas_world, 1, name_stream}};
    edges.shuffle(rest);
    std::ranges::copy(rest, shifts_.begin() + static_cast<std::ptrdiff_t>(first_private_));
  }

  [[nodiscard]] std::string public_name(std::int64_t index) const { return name(static_cast<std::size_t>(index)); }
  [[nodiscard]] std::string private_name(std::int64_t index) const {
    return name(first_private_ * name_words + static_cast<std::size_t>(index));
  }

 private:
  [[nodiscard]] std::string name(std::size_t index) const {
    const std::size_t within = index % name_words;
    const std::size_t family = (within + shifts_[index / name_words]) % name_words;
    return given_name(given_[within]) + ' ' + family_name(family_[family]);
  }

  std::vector<std::size_t> given_, family_, shifts_;
  std::size_t first_private_ = 0;
};

/// One entity's value of every relation.
using Values = std::vector<std::int64_t>;

std::vector<Values> draw_values(std::uint64_t seed, std::int64_t domain, std::uint32_t stream, std::int64_t entities,
                                const AtlasOptions& options, std::int64_t choices) {
  sim::Draws draws{{seed, sim::Domain::atlas_world, static_cast<std::uint32_t>(domain), stream}};
  std::vector<Values> values(static_cast<std::size_t>(entities));
  for (auto& of_entity : values)
    for (std::int64_t r = 0; r < options.relations; ++r)
      of_entity.push_back(static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(choices))));
  return values;
}

struct Entities {
  std::vector<std::string> names;
  std::vector<Values> values;
};

/// The domain whose private names `domain` borrows, or itself.
std::int64_t lender_of(std::int64_t domain, std::int64_t domains) {
  if (domain % 2 == 1) return domain - 1;
  return domain + 1 == domains ? 0 : domain;
}

std::vector<Entities> draw_private_entities(const Names& names, const AtlasOptions& o) {
  // Private values use stream numbers of their own: with equal seeds they must not repeat the public ones.
  constexpr std::uint32_t offset = 16;
  const auto shared = static_cast<std::size_t>(std::lround(o.conflict * static_cast<double>(o.private_entities)));
  std::vector<Entities> all;
  for (std::int64_t d = 0; d < o.domains; ++d) {
    Entities mine;
    for (std::int64_t e = 0; e < o.private_entities; ++e)
      mine.names.push_back(names.private_name(d * o.private_entities + e));
    mine.values = draw_values(o.seed, d, offset + value_stream, o.private_entities, o, o.values);
    if (const auto lender = lender_of(d, o.domains); lender != d) {
      const auto& theirs = all[static_cast<std::size_t>(lender)];
      const auto steps = draw_values(o.seed, d, offset + conflict_stream, o.private_entities, o, o.values - 1);
      for (std::size_t e = 0; e < shared; ++e) {
        mine.names[e] = theirs.names[e];
        for (std::size_t r = 0; r < steps[e].size(); ++r)
          mine.values[e][r] = (theirs.values[e][r] + 1 + steps[e][r]) % o.values;
      }
    }
    all.push_back(std::move(mine));
  }
  return all;
}

void append_facts(std::vector<Fact>& facts, std::int64_t domain, const Entities& entities, Visibility visibility) {
  for (std::size_t e = 0; e < entities.names.size(); ++e)
    for (std::size_t r = 0; r < entities.values[e].size(); ++r)
      facts.push_back({domain, entities.names[e], static_cast<std::int64_t>(r), entities.values[e][r], visibility});
}

}  // namespace

std::vector<Fact> Atlas::facts_of(std::int64_t domain, Visibility visibility) const {
  std::vector<Fact> chosen;
  std::ranges::copy_if(facts, std::back_inserter(chosen),
                       [&](const Fact& f) { return f.domain == domain && f.visibility == visibility; });
  return chosen;
}

Atlas make_atlas(const AtlasOptions& options) {
  check(options);
  Atlas atlas{.options = options, .domains = {}, .relations = {}, .facts = {}};
  for (std::int64_t r = 0; r < options.relations; ++r) {
    const auto& [name, values] = relation_words[static_cast<std::size_t>(r)];
    atlas.relations.push_back({std::string{name}, {values.begin(), values.begin() + options.values}});
  }
  const Names names{options};
  const auto private_entities = draw_private_entities(names, options);
  for (std::int64_t d = 0; d < options.domains; ++d) {
    atlas.domains.emplace_back(domain_words[static_cast<std::size_t>(d)]);
    Entities known;
    for (std::int64_t e = 0; e < options.public_entities; ++e)
      known.names.push_back(names.public_name(d * options.public_entities + e));
    known.values = draw_values(options.public_seed, d, value_stream, options.public_entities, options, options.values);
    append_facts(atlas.facts, d, known, Visibility::everybody);
    append_facts(atlas.facts, d, private_entities[static_cast<std::size_t>(d)], Visibility::edges);
  }
  return atlas;
}

}  // namespace edgefuse::data::atlas
