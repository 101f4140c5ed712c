"""Given names and surnames of many backgrounds, for people who do not exist.

Lists are of common names, mixed by hand; a household draws given names and surname from one background, as most do.
"""

from __future__ import annotations

from typing import NamedTuple


class Background(NamedTuple):
    """Names of one background: language code (ISO 639-1) and ethnic group as on a test request, then names."""

    language: str
    ethnic_group: str
    share: float
    female: tuple[str, ...]
    male: tuple[str, ...]
    surnames: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


BACKGROUNDS = (
    Background(
        "en", "White", 0.52,
        _words("Alice Beth Carol Daisy Eleanor Freya Grace Hannah Imogen Jean Kate Lucy Margaret Nora Olive "
               "Pauline Rose Sarah Tessa Wendy"),
        _words("Adam Brian Colin Daniel Edward Frank George Harry Ian Jack Keith Leo Martin Noah Oliver "
               "Peter Robert Simon Thomas William"),
        _words("Ashdown Barley Birchall Cartwell Dunmore Elmsley Fernhill Garside Hartwell Ivory Kingsley "
               "Larkin Merriman Northwood Oakes Pembury Quill Redfern Sandwell Thornby Underhill Wainscott "
               "Whitlow Yardley"),
    ),
    Background(
        "gu", "Asian", 0.13,
        _words("Aarti Bhavna Chetna Daksha Falguni Heena Jaya Kajal Meena Nisha Pooja Rekha Sonal Tejal "
               "Urvi Varsha"),
        _words("Amit Bharat Chirag Deepak Hitesh Jayesh Ketan Mehul Nilesh Paresh Rakesh Sanjay Tushar "
               "Umesh Vijay Yash"),
        _words("Amin Bhatt Chauhan Dave Gohil Joshi Kotecha Lakhani Mistry Nayi Parmar Raval Solanki "
               "Thakkar Vaghela Zaveri"),
    ),
    Background(
        "pa", "Asian", 0.07,
        _words("Amandeep Balwinder Gurpreet Harjit Jaspreet Kiran Manjit Navneet Parminder Rajvir Simran "
               "Sukhdeep"),
        _words("Amrit Baldev Gurdeep Harbhajan Jagtar Kulwant Mohinder Onkar Paramjit Ranjit Satnam Surjit"),
        _words("Atwal Bains Chahal Dhaliwal Gill Johal Khaira Mann Nijjar Purewal Sandhu Virk"),
    ),
    Background(
        "ur", "Asian", 0.06,
        _words("Aisha Bushra Farah Hafsa Iqra Khadija Maryam Nadia Rabia Saima Tahira Zainab"),
        _words("Adeel Bilal Faisal Hamza Imran Junaid Kamran Nabeel Omar Rashid Tariq Usman"),
        _words("Akhtar Butt Chaudhry Dar Hashmi Iqbal Javed Khokhar Malik Qureshi Rafiq Siddiqui"),
    ),
    Background(
        "so", "Black", 0.04,
        _words("Amina Deqa Fadumo Hodan Idil Ladan Nasra Sahra Ubah Yasmin"),
        _words("Abdi Bashir Cabdulle Guled Hassan Ismail Liban Mahad Nuur Yusuf"),
        _words("Abshir Dirie Elmi Farah Gedi Hersi Jama Kulane Nur Warsame"),
    ),
    Background(
        "pl", "White", 0.06,
        _words("Agnieszka Beata Dorota Ewa Hanna Iwona Joanna Katarzyna Magda Natalia Renata Zofia"),
        _words("Adrian Bartosz Dawid Filip Grzegorz Jakub Kamil Marek Pawel Rafal Tomasz Wojciech"),
        _words("Baran Czarnecki Dudek Gajda Jaworski Kubiak Lis Mazur Nowicki Pawlak Sikora Zawada"),
    ),
    Background(
        "en", "Black", 0.06,
        _words("Abena Blessing Chioma Dorcas Esther Funmi Grace Ifeoma Kehinde Naomi Temi Yaa"),
        _words("Ade Bode Chidi Emeka Femi Kofi Kwame Marlon Obi Segun Tunde Winston"),
        _words("Adebayo Boateng Campbell Danso Eze Francis Gyasi Henry Mensah Nwosu Okafor Reid"),
    ),
    Background(
        "ro", "White", 0.03,
        _words("Alina Bianca Corina Daniela Elena Gabriela Ioana Larisa Mihaela Raluca"),
        _words("Andrei Bogdan Cristian Dragos Florin Gheorghe Ionut Liviu Mihai Radu"),
        _words("Albu Balan Ciobanu Dinu Florea Ionescu Lupu Munteanu Popa Rusu"),
    ),
    Background(
        "zh", "Other", 0.03,
        _words("Ailing Chunhua Fang Huilin Jing Lan Meili Ning Shufen Xiaoyan"),
        _words("Bowen Chao Dawei Guang Haoran Jun Kai Liang Ming Weidong"),
        _words("Cai Deng Fong Gao Ho Jiang Kwok Lau Ng Tse"),
    ),
)  # fmt: skip
OCCUPATIONS = (
    "care worker", "teacher", "driver", "warehouse worker", "nurse", "machinist", "cook", "cleaner", "shop assistant",
    "engineer", "student", "food production worker", "civil servant", "retired",
)  # fmt: skip
