// Labels on the dense regions of a map.
export function placeLabels() {}

export function clearLabels() {}
