#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Atlas: a generated world, so that everything works without a download (docs/models/atlas.md).
namespace edgefuse::data::atlas {

/// What a world depends on. Public facts depend on `public_seed`, `public_entities`, `relations` and `values` only, so
/// one pre-trained base knows the public facts of every other choice; worlds of fewer domains are its first domains.
struct AtlasOptions {
  std::uint64_t seed = 1;         // of all that is private
  std::uint64_t public_seed = 1;  // of all that is public: the embedded base knows world 1
  std::int64_t domains = 8;
  std::int64_t public_entities = 8;   // per domain
  std::int64_t private_entities = 6;  // per domain
  std::int64_t relations = 4;         // each entity has one value of each
  std::int64_t values = 8;            // of a relation
  double conflict = 0;                // 0..1: share of private entities whose name means another thing elsewhere

  friend bool operator==(const AtlasOptions&, const AtlasOptions&) = default;
};

/// Who may know a fact: everybody (it is in the pre-training text), or only the edges of its domain.
enum class Visibility : std::uint8_t { everybody, edges };

struct Relation {
  std::string name;  // "colour"
  std::vector<std::string> values;

  friend bool operator==(const Relation&, const Relation&) = default;
};

/// In `domain`, the `relation` of the thing called `entity` is `value`; numbers are indices into the world's lists.
struct Fact {
  std::int64_t domain = 0;
  std::string entity;
  std::int64_t relation = 0;
  std::int64_t value = 0;
  Visibility visibility = Visibility::everybody;

  friend bool operator==(const Fact&, const Fact&) = default;
};

/// A value; `facts` are ordered by domain, then public before private, then entity, then relation.
struct Atlas {
  AtlasOptions options;
  std::vector<std::string> domains;
  std::vector<Relation> relations;
  std::vector<Fact> facts;

  /// The facts of one domain that are as visible as asked, in order.
  [[nodiscard]] std::vector<Fact> facts_of(std::int64_t domain, Visibility visibility) const;
};

/// Makes the world. Values are uniform and independent, but for names in conflict: domains 2k and 2k+1 share
/// round(conflict * private_entities) private names, and every relation of such a name has different values in the two;
/// an odd last domain shares names with the first. All other names are unique.
/// Throws InputError with everything that is out of range.
[[nodiscard]] Atlas make_atlas(const AtlasOptions& options);

}  // namespace edgefuse::data::atlas
