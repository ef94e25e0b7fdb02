"""The words of card JSON 2.0: its tags and their properties; any other makes a card fail."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TEMPLATES = _words(
    "blue wathet turquoise green yellow orange red carmine violet purple indigo grey default"
)
TOP = _words("schema config card_link header body")
CONFIG = _words(
    "streaming_mode streaming_config summary locales enable_forward enable_forward_interaction "
    "update_multi width_mode use_custom_translation style"
)
HEADER = _words("title subtitle text_tag_list template icon padding")
BODY = _words(
    "direction padding horizontal_spacing vertical_spacing horizontal_align vertical_align elements"
)
V1_TAGS = frozenset(["note", "action"])
CONTAINERS = _words("column_set column form interactive_container collapsible_panel")
TOP_ONLY = frozenset(["form", "table"])
_INPUT = "name required disabled width placeholder type value behaviors confirm"
PROPERTIES = {
    tag: _words(f"tag element_id margin {names}")
    for tag, names in {
        "plain_text": "content i18n text_size text_color text_align lines icon",
        "lark_md": "content i18n text_size text_color text_align lines icon",
        "text_tag": "text color",
        "markdown": "content i18n text_size text_align icon",
        "div": "text fields extra icon width",
        "hr": "",
        "column_set": (
            "columns flex_mode background_style horizontal_spacing horizontal_align action"
        ),
        "column": (
            "elements width weight background_style vertical_align vertical_spacing padding "
            "direction horizontal_spacing horizontal_align action"
        ),
        "form": (
            "name elements direction horizontal_spacing vertical_spacing horizontal_align "
            "vertical_align padding confirm fallback"
        ),
        "button": (
            "name text type size width icon confirm disabled disabled_tips hover_tips behaviors "
            "form_action_type required"
        ),
        "input": (
            f"{_INPUT} input_type rows auto_resize max_rows max_length label "
            "label_position label_width default_value show_icon"
        ),
        "select_static": f"{_INPUT} options initial_option initial_index",
        "multi_select_static": f"{_INPUT} options selected_values",
        "select_person": f"{_INPUT} options initial_option",
        "multi_select_person": f"{_INPUT} options selected_values",
        "date_picker": f"{_INPUT} initial_date",
        "picker_time": f"{_INPUT} initial_time",
        "picker_datetime": f"{_INPUT} initial_datetime",
        "checker": (
            "name checked text overall_checkable button_area checked_style behaviors disabled "
            "confirm padding hover_tips"
        ),
    }.items()
}
OTHER_TAGS = _words(
    "interactive_container collapsible_panel img img_combination person person_list chart table "
    "overflow select_img standard_icon custom_icon"
)
