#include "app/run/atlas_world.hpp"

#include "app/run/at_key.hpp"

namespace edgefuse::app {

data::atlas::Atlas make_world(const scenarios::Scenario& scenario) {
  const auto key_of = [](const Mistake& mistake) { return "data.atlas." + mistake.key; };
  const auto& atlas = scenario.data.atlas;
  return with_keys(scenario, key_of, [&] {
    return data::atlas::make_atlas({.seed = atlas.seed,
                                    .public_seed = atlas.public_seed,
                                    .domains = atlas.domains,
                                    .public_entities = atlas.public_entities,
                                    .private_entities = atlas.private_entities,
                                    .relations = atlas.relations,
                                    .values = atlas.values,
                                    .conflict = atlas.conflict});
  });
}

}  // namespace edgefuse::app
