#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/key.hpp"
#include "scenarios/schema.hpp"

/// What the sections of the schema are made with. Each group of sections has a source file of its own.
namespace edgefuse::scenarios {

using Keys = std::vector<Key<Scenario>>;

constexpr auto open = Number::End::open;
constexpr std::int64_t a_billion = 1'000'000'000;

/// The keys of one table, found in a scenario by `find`.
template <class Owner, class Find>
Keys lifted(const std::vector<Key<Owner>>& keys, Find find) {
  Keys result;
  for (const auto& inner : keys)
    result.push_back(lift<Scenario>(inner, find));
  return result;
}

template <class Owner>
Section section(std::string path, std::string doc, Owner Scenario::*member, const std::vector<Key<Owner>>& keys) {
  return {std::move(path), std::move(doc), lifted(keys, [member](Scenario& s) -> Owner& { return s.*member; })};
}

/// A table within a table.
template <class Outer, class Owner>
[[nodiscard]] Section section(std::string path, std::string doc, Outer Scenario::*outer, Owner Outer::*member,
                              const std::vector<Key<Owner>>& keys) {
  return {std::move(path), std::move(doc),
          lifted(keys, [outer, member](Scenario& s) -> Owner& { return s.*outer.*member; })};
}

template <class Item, class FindList>
Section repeated(std::string path, std::string doc, FindList list, std::vector<Key<Item>> keys) {
  const auto of_item = [list, keys = std::move(keys)](std::size_t i) {
    return lifted(keys, [list, i](Scenario& s) -> Item& { return list(s)[i]; });
  };
  return {std::move(path), std::move(doc), of_item(0),
          Section::Repetition{[list](const Scenario& s) { return list(const_cast<Scenario&>(s)).size(); },
                              [list](Scenario& s, std::size_t count) { list(s).resize(count); }, of_item}};
}

/// What the run is, what clients hold, what is measured and recorded.
[[nodiscard]] Section top_section();
[[nodiscard]] Section base_section();
[[nodiscard]] Section data_section();
[[nodiscard]] Section atlas_section();
[[nodiscard]] Section public_text_section();
[[nodiscard]] Section evaluation_section();
[[nodiscard]] Section output_section();

/// The clients, what connects them, what befalls them.
[[nodiscard]] Section fleet_section();
[[nodiscard]] Section groups_section();
[[nodiscard]] Section network_section();
[[nodiscard]] Section cells_section();
[[nodiscard]] Section failures_section();
[[nodiscard]] Section battery_section();
[[nodiscard]] Section energy_section();

/// What clients train, and how the server takes it in.
[[nodiscard]] Section pruning_section();
[[nodiscard]] Section alignment_section();
[[nodiscard]] Section recovery_section();
[[nodiscard]] Section retraining_section();
[[nodiscard]] Section adapter_section();
[[nodiscard]] Section self_pruning_section();
[[nodiscard]] Section training_section();
[[nodiscard]] Section compression_section();
[[nodiscard]] Section down_compression_section();
[[nodiscard]] Section protocol_section();
[[nodiscard]] Section selection_section();
[[nodiscard]] Section fusion_section();
[[nodiscard]] Section optimiser_section();
[[nodiscard]] Section arms_section();

}  // namespace edgefuse::scenarios
